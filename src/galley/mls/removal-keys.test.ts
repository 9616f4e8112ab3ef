import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { signatureSchemes } from '#mls';
import { openRemovalKeys } from './removal-keys.ts';

describe('removal keys', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crosswire-removal-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('are made on the first start and stay, for the eyes of their owner only', async () => {
    const directory = join(folder, 'keys');
    const first = await openRemovalKeys(directory);
    const again = await openRemovalKeys(directory);
    const lengths = signatureSchemes.map((scheme) => {
      assert.ok(first.publicKey(scheme).equals(again.publicKey(scheme)));
      return first.publicKey(scheme).length;
    });
    assert.deepEqual(lengths, [32, 65, 97, 133]);
    assert.equal((await stat(join(directory, 'ed25519.pem'))).mode & 0o777, 0o600);
  });

  it('are refused when a file is no key, or a key of another scheme', async () => {
    const directory = join(folder, 'wrong');
    await openRemovalKeys(directory);
    const path = join(directory, 'ecdsa_secp256r1_sha256.pem');
    await writeFile(path, 'nothing');
    await assert.rejects(openRemovalKeys(directory), /secp256r1_sha256\.pem: not a private key/);
    const other = (await openRemovalKeys(join(folder, 'keys'))).privateKey('ed25519');
    await writeFile(path, other.export({ format: 'pem', type: 'pkcs8' }));
    await assert.rejects(
      openRemovalKeys(directory),
      /found a key of ed25519, expected one of ecdsa_secp256r1/,
    );
  });
});
