import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelsDocument, rpcsDocument } from './documents.ts';
import { type LabelKey, labels } from './labels.ts';
import { labelOf } from './refusal.ts';

test('every label of the catalogue is documented with its status', () => {
  const text = labelsDocument();
  for (const key of Object.keys(labels) as LabelKey[]) {
    const { status, message } = labels[key];
    assert.ok(text.includes(`| \`${labelOf(key)}\` | ${status} | ${message} |`), key);
  }
});

test('an RPC is documented with the files that declare and serve it', () => {
  const text = rpcsDocument();
  assert.match(text, /\| brig \| `get-user-by-handle` \| v0, v1 \| answered \| Finds the user/);
  assert.ok(
    text.includes(
      '| `get-user-by-handle` | `src/contract/federation/brig.ts` | `src/brig/rpc/get-user-by-handle.ts` | `getUserByHandle` |',
    ),
  );
});
