// What a user or the machine runs later, out of the sandbox, can not be written: start-up files, folders of programs, schedules.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { outside, snapshot, workspace } from './support/places.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const TARGETS = ['$HOME/.bashrc', '$HOME/.profile', '$HOME/.local/bin/ls', '$HOME/.config/autostart/x.desktop', '$HOME/.config/systemd/user/x.service',
  '$HOME/.npm/x', '$HOME/.cargo/config.toml', '/etc/cron.d/x', '/var/spool/cron/crontabs/root', '/var/spool/cron/x', '/etc/profile.d/x.sh', '/etc/ld.so.preload', '/usr/local/bin/x'];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const home = outside();
    for (const folder of ['.local/bin', '.config/autostart', '.config/systemd/user', '.npm', '.cargo']) mkdirSync(path.join(home, folder), { recursive: true });
    const before = snapshot(home);
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const target of TARGETS) {
      assert.notEqual((await sh(box, `echo bad >> "${target}"`, { env: { ...process.env, HOME: home } })).exitCode, 0, target);
    }
    for (const command of ['echo "* * * * * true" | crontab -', 'echo true | at now', 'systemd-run --user true', 'systemctl --user enable x']) {
      assert.notEqual((await sh(box, command)).exitCode, 0, command);
    }
    assert.equal(snapshot(home), before);
  });
}
