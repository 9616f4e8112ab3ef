import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { UserId } from '#contract/ids.ts';
import { Zauth } from './zauth.ts';
import { openZauthKeys } from './zauth-keys.ts';

/** RFC 8032, section 7.1, test 1, in wire-server's file format. */
const secretLine = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL_tPJZAc6DuFy89qmIyWvAhpo9wdRGg==';
const publicLine = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const body = { type: 'p', provider: '6562d941-4f40-4db4-b96e-56a06d71c2c3' as UserId } as const;

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'crosswire-zauth-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe('zauth keys', () => {
  it('are made on the first start, for the owner only, and are the same on the next', async () => {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, 'keys');
    const token = new Zauth(await openZauthKeys(directory)).issue(body, { expires: -1 });
    assert.notEqual(new Zauth(await openZauthKeys(directory)).verify(token, 0), undefined);
    const file = join(directory, 'secret-keys.txt');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.match(await readFile(file, 'utf8'), /^[A-Za-z0-9_-]{86}==\n$/);
    assert.match(await readFile(join(directory, 'public-keys.txt'), 'utf8'), /^[A-Za-z0-9_-]{43}=\n$/);
  });

  it('are the same for replicas that start together', async () => {
    await using folder = await temporaryFolder();
    const opened = await Promise.all(Array.from({ length: 8 }, () => openZauthKeys(folder.path)));
    const tokens = opened.map((keys) => new Zauth(keys).issue(body, { expires: -1 }));
    assert.equal(new Set(tokens).size, 1);
  });

  it('sign as wire-server would with its files', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'secret-keys.txt'), `${secretLine}\n`);
    await writeFile(join(folder.path, 'public-keys.txt'), `${publicLine}\n`);
    const token = new Zauth(await openZauthKeys(folder.path)).issue(body, { expires: 1_700_000_900 });
    assert.match(
      token,
      /^w6BhyHFJpulFsivOcS9ZFsEx8m1NpLVMX8mjaUr8TpJ6N1enXexZjixIdXl0CbsJw4LsShPLBj-JqOMBhSelAA==\./,
    );
  });

  it('rotate: the active one signs, the older one still verifies', async () => {
    await using first = await temporaryFolder();
    await using folder = await temporaryFolder();
    await openZauthKeys(first.path);
    const added = await readFile(join(first.path, 'secret-keys.txt'), 'utf8');
    const addedPublic = await readFile(join(first.path, 'public-keys.txt'), 'utf8');
    await writeFile(join(folder.path, 'secret-keys.txt'), `${secretLine}\n`);
    const old = new Zauth(await openZauthKeys(folder.path)).issue(body, { expires: -1 });
    await writeFile(join(folder.path, 'secret-keys.txt'), `${secretLine}\n${added}`);
    await writeFile(join(folder.path, 'public-keys.txt'), `${publicLine}\n${addedPublic}`);
    await writeFile(join(folder.path, 'active-key.txt'), '2\n');
    const rotated = new Zauth(await openZauthKeys(folder.path));
    assert.notEqual(rotated.verify(old, 0), undefined);
    assert.match(rotated.issue(body, { expires: -1 }), /\.k=2\./);
  });

  const wrong: readonly [what: string, file: string, text: string, message: RegExp][] = [
    [
      'a secret key of the wrong length',
      'secret-keys.txt',
      'AAAA\n',
      /secret-keys\.txt: key 1 has 3 bytes, expected 64/,
    ],
    ['an empty file', 'secret-keys.txt', '\n', /secret-keys\.txt: holds no key/],
    [
      'an active key that is not there',
      'active-key.txt',
      '2',
      /active-key\.txt: found '2', expected the number/,
    ],
    [
      'a public key of another secret',
      'public-keys.txt',
      `${'A'.repeat(43)}=\n`,
      /not the public half of secret key 1/,
    ],
  ];
  for (const [what, file, text, message] of wrong) {
    it(`are refused with ${what}, naming the file`, async () => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, 'secret-keys.txt'), `${secretLine}\n`);
      await writeFile(join(folder.path, file), text);
      await assert.rejects(openZauthKeys(folder.path), message);
    });
  }
});
