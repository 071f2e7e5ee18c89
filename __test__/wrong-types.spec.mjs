// A value of the wrong type or out of range is a TypeError or RangeError that names it; nothing is run.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { AuditLog, CodexError, ExecPolicy, Sandbox, SecurityProfile, exec } from '../index.js';
import { newLog } from './support/logs.mjs';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

test('of a sandbox', () => {
  for (const options of [null, 5, 'offline', [], { profile: 5 }, { profile: null }, { profile: {} }, { profile: ['offline'] }, { workspace: 5 }, { workspace: null },
    { workspace: '' }, { workspace: new URL('http://example.org/') }, { enforcement: 'none' }, { enforcement: true }]) {
    assert.throws(() => new Sandbox(options), (error) => error instanceof TypeError && !(error instanceof CodexError), JSON.stringify(options));
  }
  assert.throws(() => Sandbox({}), TypeError);
});

test('of a command', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  const wrong = [
    [], [''], [5], [null], [['touch', 'made']], ['touch', 'made'], ['touch', [5]], ['touch', [null]], ['touch', ['made', undefined]], ['touch', [['made']]],
    ['touch', ['made'], null], ['touch', ['made'], 5], ['touch', new Set(['made'])], ['touch', ['made'], new Map()], ['touch', { length: 1, 0: 'made' }, {}],
    ...[
      { cwd: 5 }, { env: 5 }, { env: null }, { env: ['A=1'] }, { env: new Map([['A', '1']]) }, { env: { '': 'x' } }, { env: { 'A=B': 'x' } }, { input: 5 }, { input: {} }, { stdout: 'inherits' }, { stdout: 1.5 },
      { stderr: null }, { encoding: 'latin1' }, { encoding: null }, { timeout: -1 }, { timeout: NaN }, { timeout: '5' }, { maxBuffer: -1 }, { maxBuffer: '1' }, { maxBuffer: NaN },
      { signal: {} }, { signal: null }, { killSignal: 'SIGNOTHING' }, { killSignal: 0 }, { killSignal: 99 }, { killSignal: null }, { forceKillAfterDelay: -1 },
      { forceKillAfterDelay: 'x' }, { reject: 'yes' }, { reject: 1 },
    ].map((options) => ['touch', ['made'], options]),
  ];
  for (const command of wrong) {
    const what = JSON.stringify(command);
    await assert.rejects(box.exec(...command), (error) => error instanceof TypeError || error instanceof RangeError, what);
    assert.throws(() => box.execSync(...command), (error) => error instanceof TypeError || error instanceof RangeError, what);
  }
  await assert.rejects(exec('touch', 'made', { profile: 'workspace-write', workspace: folder }), TypeError);
  assert.throws(() => box.execSync('touch', ['made'], { signal: new AbortController().signal }), TypeError);
  assert.deepEqual(readdirSync(folder), []);
});

test('of a profile', async () => {
  for (const make of [
    () => new SecurityProfile(5), () => new SecurityProfile(null), () => SecurityProfile.named(), () => SecurityProfile.named('offline', null), () => SecurityProfile.named('offline', []),
    () => SecurityProfile.named('offline', 'x'), () => new SecurityProfile().extend(), () => new SecurityProfile().explain(), () => new SecurityProfile().explain({}),
    () => new SecurityProfile().explain({ read: 'a', write: 'b' }), () => new SecurityProfile().explain({ read: 5 }), () => SecurityProfile.fromSandboxPolicy('read-only'),
  ]) {
    if (make.toString().includes('named()')) assert.equal(make().name, 'offline');
    else assert.throws(make, TypeError, make.toString());
  }
  for (const overrides of [{ writable: '/x' }, { writable: [5] }, { denyRead: null }, { network: 'all' }, { network: true }, { environment: [] }, { environment: { set: { A: 5 } } }, { environment: { allow: 'A' } }]) {
    assert.throws(() => SecurityProfile.named('workspace-write', overrides), { code: 'ProfileError' }, JSON.stringify(overrides));
  }
  await assert.rejects(SecurityProfile.load(5), TypeError);
});

test('what only looks like a policy, a log or a profile never counts as none', async (t) => {
  const [policy, profile, audit] = [ExecPolicy.builtin(), new SecurityProfile(), await AuditLog.open(newLog())];
  t.after(() => audit.close());
  for (const wrap of [(value) => new Proxy(value, {}), (value) => Object.create(value), (value) => Object.create(Object.getPrototypeOf(value))]) {
    for (const options of [{ policy: wrap(policy) }, { audit: wrap(audit) }, { profile: wrap(profile) }]) {
      assert.throws(() => new Sandbox({ workspace: workspace(), ...options }), { code: 'ERR_INVALID_ARG_TYPE', message: /itself, not what wraps one/ });
    }
    assert.throws(() => wrap(policy).check('ls'), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => policy.check('ls', { profile: wrap(profile) }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => wrap(profile).explain({ read: '/' }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => wrap(audit).publicKey, { code: 'ERR_INVALID_ARG_TYPE' });
  }
  assert.throws(() => policy.check('ls', { profile: {} }), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('of a profile or a rule: what JSON would leave out in silence', () => {
  class Getters {
    get denyRead() {
      return ['.env'];
    }
  }
  const restrictions = new SecurityProfile('workspace-write', { denyRead: ['.env'] });
  for (const overrides of [
    { denyRead: () => ['.env'] }, { denyRead: Symbol('.env') }, { denyRead: new Set(['.env']) }, new Getters(), Object.create({ denyRead: ['.env'] }), restrictions,
    new Map([['denyRead', ['.env']]]), { environment: new Map([['mode', 'minimal']]) }, { environment: { set: new Map([['A', '1']]) } }, { limits: { memory: NaN } },
    { limits: { memory: Infinity } }, { limits: { memory: 5n } }, { limits: { memory: () => 1 } }, { writable: [new URL('file:///')] }, { toJSON: () => ({}) },
  ]) {
    assert.throws(() => new SecurityProfile('workspace-write', overrides), { code: 'ProfileError' });
    assert.throws(() => new SecurityProfile('workspace-write').extend(overrides), { code: 'ProfileError' });
  }
  const rule = { command: ['git'], decision: 'allow', match: ['git'], not_match: ['ls'] };
  for (const lost of [{ env: () => 1 }, { flags: new Set() }, { env: Symbol('A') }]) {
    assert.throws(() => ExecPolicy.parse({ rule: [{ ...rule, ...lost }] }), { code: 'PolicyError', message: /env|flags/ });
  }
  const plain = Object.assign(Object.create(null), { denyRead: ['.env'], limits: { memory: undefined } });
  assert.deepEqual(new SecurityProfile('workspace-write', plain).toJSON(), restrictions.toJSON());
  assert.deepEqual(new SecurityProfile('workspace-write', runInNewContext('({ denyRead: [".env"] })')).toJSON(), restrictions.toJSON());
});

test('options that are inherited are refused, never ignored', async (t) => {
  const [folder, policy] = [workspace(), ExecPolicy.builtin()];
  class Options {
    workspace = folder;
    get policy() {
      return policy;
    }
  }
  class Command {
    get timeout() {
      return 1;
    }
  }
  for (const options of [new Options(), new (class extends Options {})(), Object.create({ workspace: folder, policy })]) {
    assert.throws(() => new Sandbox(options), { code: 'ERR_INVALID_ARG_VALUE', message: /inherited/ });
  }
  const box = sandbox(t, Object.freeze(Object.assign(Object.create(null), { workspace: folder })));
  await assert.rejects(box.exec('true', [], new Command()), { code: 'ERR_INVALID_ARG_VALUE', message: /timeout.*inherited/ });
  assert.throws(() => box.spawn('true', [], new Command()), { code: 'ERR_INVALID_ARG_VALUE' });
  const ofAnotherRealm = runInNewContext('({ timeout: 60000 })');
  assert.equal((await box.exec('true', [], ofAnotherRealm)).exitCode, 0);
});
