import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { nodeFlags } from './child.ts';

it('gives processes the flags that bin/crosswire gives', async () => {
  const script = await readFile(new URL('../../../../bin/crosswire', import.meta.url), 'utf8');
  const [, flags = ''] = /exec "\$\(readlink -f "\$node"\)" ([^"]*) "\$here/.exec(script) ?? [];
  assert.deepEqual(flags.split(/[\s\\]+/), [...nodeFlags]);
});
