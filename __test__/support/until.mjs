import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `check` holds. The bound only tells a hang from slowness. */
export async function until(check, what, milliseconds = 20_000) {
  const end = Date.now() + milliseconds;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}
