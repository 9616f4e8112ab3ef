/**
 * `npm test`: every test. Those beside the code share one process; those that need a network get one each.
 * Arguments are file name parts to run only those: `npm test -- r11 search`.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const wanted = process.argv.slice(2);
const pick = (pattern: string) =>
  globSync(pattern)
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort();

const runs = [
  { what: 'beside the code', files: pick('src/**/*.test.ts'), flags: ['--test-isolation=none'] },
  { what: 'with a network', files: pick('test/**/*.test.ts'), flags: ['--test-concurrency=2'] },
];

for (const { what, files, flags } of runs) {
  if (files.length === 0) continue;
  console.log(`\n${files.length} test files ${what}`);
  const options = ['--disable-warning=ExperimentalWarning', '--test', '--test-timeout=180000', ...flags];
  const run = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit' });
  if (run.status !== 0) process.exitCode = 1;
}
