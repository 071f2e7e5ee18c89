// The concurrency of Python works: event loops with processes, pools of a fork server, shared memory.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

// The system's own where there is one: another may lie where an ordinary user can't read.
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const LOOP = `
import asyncio
async def main():
    child = await asyncio.create_subprocess_exec('echo', 'child', stdout=asyncio.subprocess.PIPE)
    print((await child.communicate())[0].decode().strip())
asyncio.run(main())`;
const POOL = `
import multiprocessing
def square(number): return number * number
if __name__ == '__main__':
    multiprocessing.set_start_method('forkserver')
    with multiprocessing.Pool(2) as pool: print(sum(pool.map(square, [1, 2, 3])))`;

test('loop and pool', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  assert.equal((await box.exec(PYTHON, ['-c', LOOP])).stdout, 'child\n');
  const pool = await sh(box, `cat > /tmp/pool.py && ${PYTHON} /tmp/pool.py`, { input: POOL });
  assert.equal(pool.stdout, '14\n', pool.stderr);
});
