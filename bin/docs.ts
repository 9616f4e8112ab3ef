/**
 * Writes the documents that are generated from the code. With `--check` nothing is written: the exit code is 1 when one
 * of them is not what the code says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, exit, stderr } from 'node:process';
import { labelsDocument, rpcsDocument } from '#contract/documents.ts';
import { fedcallsDocument } from '#contract/fedcalls/document.ts';
import { configDocument } from '../src/app/config.ts';
import { testOf } from '../test/federation/fedcalls/subjects.ts';

const documents: Readonly<Record<string, () => string>> = {
  'docs/rpcs.md': rpcsDocument,
  'docs/fedcalls.md': () => fedcallsDocument(testOf),
  'docs/labels.md': labelsDocument,
  'docs/config.md': configDocument,
};

const root = new URL('../', import.meta.url);
const stale = Object.entries(documents)
  .map(([path, generate]) => ({ path, text: generate() }))
  .filter(({ path, text }) => readOrNothing(path) !== text);

if (argv.includes('--check')) {
  for (const { path } of stale) stderr.write(`${path} is not what the code says; run: npm run docs\n`);
  exit(stale.length === 0 ? 0 : 1);
}
for (const { path, text } of stale) writeFileSync(new URL(path, root), text);

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
