/** `npm run check`: types, lint and format, dependency rules, unused code, generated documents. */
import { spawnSync } from 'node:child_process';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** What is wrong with a run that exited with 0; undefined when nothing is. */
  readonly doubt?: (output: string) => string | undefined;
}

const checks: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint and format', command: ['biome', 'ci', '--colors=off', '--error-on-warnings', '.'] },
  {
    name: 'dependency rules',
    command: ['depcruise', '--config', '.dependency-cruiser.mjs', 'src', 'test', 'bench', 'bin'],
    // Without its parser the tool reads no TypeScript and finds no violation: a false green.
    doubt: (output) => (/\((?!0 )\d+ modules/.test(output) ? undefined : 'it has read no modules'),
  },
  { name: 'unused code', command: ['knip', '--no-progress'] },
  { name: 'generated documents', command: ['node', 'bin/docs.ts', '--check'] },
];

let failures = 0;
for (const { name, command, doubt } of checks) {
  const started = performance.now();
  const [program = '', ...args] = command;
  const run = spawnSync(program, args, { encoding: 'utf8' });
  const output = `${run.stdout ?? ''}${run.stderr ?? ''}`;
  const reason = run.status === 0 ? doubt?.(output) : `exit code ${run.status ?? run.error?.message}`;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${reason === undefined ? '✓' : '✗'} ${name} (${seconds} s)${reason ? `: ${reason}` : ''}`);
  if (reason !== undefined) {
    console.log(output);
    failures += 1;
  }
}
process.exitCode = failures === 0 ? 0 : 1;
