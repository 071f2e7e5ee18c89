// A person at a terminal: types when what was waited for appears.
import { Sandbox } from '../../index.js';
import { until } from './until.mjs';

/** Starts a command line on a terminal of its own, with nothing held back. */
export function atTerminal(t, [file, ...args], options = {}) {
  const box = new Sandbox({ profile: 'trusted', workspace: options.cwd ?? process.cwd() });
  t.after(() => box.close());
  return person(box.spawn(file, args, { stdio: 'pty', ...options }));
}

/** Whoever sits at the terminal of a run. */
export function person(run) {
  const terminal = run.stdout.setEncoding('utf8');
  let screen = '';
  let seen = 0;
  terminal.on('data', (text) => {
    screen += text;
  });
  return {
    run,
    /** All that was shown. */
    screen: () => screen,
    type: (text) => terminal.write(text),
    /** Waits until a text appears after what was waited for before. */
    async sees(text) {
      await until(() => screen.indexOf(text, seen) >= 0, `${JSON.stringify(text)} on a screen that shows ${JSON.stringify(screen)}`).catch((error) => {
        run.kill('SIGKILL');
        throw new Error(`${error.message}: ${JSON.stringify(screen)}`);
      });
      seen = screen.indexOf(text, seen) + text.length;
    },
  };
}
