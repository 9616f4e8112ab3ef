import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStorage } from '#storage';
import { type Dialect, reserved } from './storage-suite.ts';

const program = fileURLToPath(new URL('committing-process.ts', import.meta.url));

/** Reads what the process acknowledges until there are `count`, kills it, and returns all that it acknowledged. */
async function killAfter(child: ChildProcess, count: number): Promise<readonly string[]> {
  assert.ok(child.stdout);
  const acknowledged: string[] = [];
  const exit = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(line);
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  await exit;
  return acknowledged;
}

/** A process is killed with units of work under way: whatever it was told is committed is there afterwards. */
export function durabilitySuite(dialect: Dialect): void {
  for (const round of [1, 2, 3])
    it(`keeps everything acknowledged before a kill -9, round ${round}`, async () => {
      const url = await dialect.freshUrl();
      const child = spawn(process.execPath, [program, url], { stdio: ['ignore', 'pipe', 'inherit'] });
      const acknowledged = await killAfter(child, 150 * round);
      assert.ok(acknowledged.length >= 150 * round, 'the process ended by itself');
      await using storage = await openStorage({ url });
      const kept = new Set(await reserved(storage.reader));
      assert.deepEqual(
        acknowledged.filter((handle) => !kept.has(handle)),
        [],
      );
    });
}
