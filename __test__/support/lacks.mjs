import assert from 'node:assert/strict';
import { Sandbox, exec } from '../../index.js';

/** Holds that a promise is said to be missing where best effort is taken, and that the sandbox is refused where it isn't. */
export async function lacks(promise, { profile, workspace }) {
  const box = new Sandbox({ profile, workspace, enforcement: 'best-effort' });
  const { enforcement } = await box.exec('true');
  await box.close();
  const missing = enforcement.unenforced.find((one) => one.promise === promise && one.cause === 'machine');
  assert.ok(missing, `${promise} is not among ${JSON.stringify(enforcement.unenforced)}`);
  assert.notEqual(missing.reason, '');
  await assert.rejects(exec('true', [], { profile, workspace, enforcement: 'required' }), ({ code, message, remedy }) => {
    assert.equal(code, 'SandboxUnavailable');
    assert.match(message, /user namespaces/);
    assert.match(remedy, /sysctl/);
    return true;
  });
}
