/**
 * `npm test`: every test. Those beside the code share one process; those that need a network get one each.
 * Arguments are file name parts to run only those: `npm test -- r11 search`. `--faults N` sets how long faults go on for
 * each database, in kills under load (`npm test -- r12 --faults 200`) or epochs (`npm test -- r29 --faults 1000`).
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: { faults: { type: 'string' } },
});
const env = values.faults === undefined ? process.env : { ...process.env, CROSSWIRE_FAULTS: values.faults };
/** A kill takes some seconds; everything else is done in three minutes. */
const testTimeoutMs = Math.max(180_000, Number(values.faults ?? 0) * 8_000);
const pick = (pattern: string) =>
  globSync(pattern)
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort();

const runs = [
  { what: 'beside the code', files: pick('src/**/*.test.ts'), flags: ['--test-isolation=none'] },
  { what: 'with a network', files: pick('test/**/*.test.ts'), flags: ['--test-concurrency=2'] },
];

const scratch = mkdtempSync(join(tmpdir(), 'crosswire-test-'));
try {
  for (const { what, files, flags } of runs) {
    if (files.length === 0) continue;
    console.log(`\n${files.length} test files ${what}`);
    const report = join(scratch, `${what}.tap`);
    const options = [
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-timeout=${testTimeoutMs}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${report}`,
      ...flags,
    ];
    const run = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit', env });
    const ended = hasEnded(report);
    if (!ended)
      console.log('✖ the run ended before its tests: one of them waits for what keeps no process alive');
    if (run.status !== 0 || !ended) process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * Whether all tests have ended: a process that has nothing left to wait for exits with 0, however many are still to
 * come. TAP's plan is written after the last one.
 */
function hasEnded(report: string): boolean {
  try {
    return /^1\.\.[1-9]/m.test(readFileSync(report, 'utf8'));
  } catch {
    return false;
  }
}
