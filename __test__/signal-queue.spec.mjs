// A run that fills the queue of signals of its user is ended all the same, and leaves room for others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forbidden } from './support/forbidden.mjs';
import { answer, script } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';

const FILL = `
import ctypes, os, signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(34, 60))
libc = ctypes.CDLL(None)
while libc.sigqueue(os.getpid(), 50, ctypes.c_void_p(1)) == 0: pass
print('full', flush=True)
time.sleep(30)`;

for (const [where, place] of Object.entries({ 'with user namespaces': (line) => line, 'without': forbidden })) {
  test(where, async () => {
    const source = `
      (async () => {
        const box = new codex.Sandbox({ workspace: facts.folder, enforcement: 'best-effort' });
        const begun = Date.now();
        const { stdout, timedOut } = await box.exec('python3', ['-c', facts.fill], { timeout: 3000, forceKillAfterDelay: 500 });
        const late = Date.now() - begun > 20_000;
        await box.close();
        console.log(JSON.stringify({ stdout, timedOut, late }));
      })();`;
    const line = script(source, { folder: workspace(), fill: FILL });
    assert.deepEqual(await answer(place(line), { env: { ...process.env, TMPDIR: outside() } }), { stdout: 'full\n', timedOut: true, late: false });
  });
}
