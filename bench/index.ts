import { mkdir, writeFile } from 'node:fs/promises';

/**
 * `npm run bench -- [NAME …]`: runs the named benchmarks, or all. Each prints a table and leaves the same numbers as
 * JSON in `bench/results/NAME.json`.
 */

type Row = Readonly<Record<string, unknown>>;

interface Benchmark {
  run(): Promise<readonly object[]>;
}

const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  assets: () => import('./assets/index.ts'),
  'fan-out': () => import('./fan-out/index.ts'),
  message: () => import('./message/index.ts'),
  mls: () => import('./mls/index.ts'),
  outbox: () => import('./outbox/index.ts'),
  relay: () => import('./relay/index.ts'),
  search: () => import('./search/index.ts'),
  websocket: () => import('./websocket/index.ts'),
};

const results = new URL('./results/', import.meta.url);
const named = process.argv.slice(2);

for (const name of named.length === 0 ? Object.keys(benchmarks) : named) {
  const load = benchmarks[name];
  if (load === undefined) {
    process.stderr.write(`There is no benchmark ${name}: expected ${Object.keys(benchmarks).join(', ')}\n`);
    process.exitCode = 1;
    break;
  }
  const { run } = await load();
  const rows = (await run()) as readonly Row[];
  process.stdout.write(`\n${name}\n${table(rows)}\n`);
  await mkdir(results, { recursive: true });
  const measured = { benchmark: name, measuredAt: new Date().toISOString(), node: process.version, rows };
  await writeFile(new URL(`${name}.json`, results), `${JSON.stringify(measured, null, 2)}\n`);
}

/** Columns as wide as their widest cell; numbers stand to the right. */
function table(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells
    .map((line, at) =>
      line
        .map((cell, index) => {
          const isNumber = at > 0 && typeof rows[at - 1]?.[columns[index] ?? ''] === 'number';
          return isNumber ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
