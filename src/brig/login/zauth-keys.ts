import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createOnce, readIfThere } from '#storage';
import type { ZauthKeys } from './zauth.ts';

/**
 * The keys of zauth tokens as files, in wire-server's formats: lines of URL-safe base64, 64 bytes (seed and public
 * key) a line in `secret-keys.txt`, 32 bytes a line in `public-keys.txt`. A key's number is its line.
 *
 * To rotate: append a line to both files, write the new line's number into `active-key.txt`, restart; remove nothing
 * before the longest-lived token has expired.
 */
const secretFile = 'secret-keys.txt';
const publicFile = 'public-keys.txt';
const activeFile = 'active-key.txt';

/** Reads the keys of a directory, or makes one there on the first start. */
export async function openZauthKeys(directory: string): Promise<ZauthKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const secretPath = join(directory, secretFile);
  const secretText =
    (await readIfThere(secretPath)) ?? (await createOnce(secretPath, `${newSecretLine()}\n`));
  const secrets = parseLines(secretText, 64, secretPath);
  const publicPath = join(directory, publicFile);
  const derived = secrets.map((secret) => `${encode(secret.subarray(32))}\n`).join('');
  const publicText = (await readIfThere(publicPath)) ?? (await createOnce(publicPath, derived));
  const publics = parseLines(publicText, 32, publicPath);
  const key = parseActive(await readIfThere(join(directory, activeFile)), secrets.length, directory);
  return { publicKeys: publics.map(publicKey), active: { key, secret: activeSecret(secrets, publics, key) } };
}

function newSecretLine(): string {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return encode(Buffer.concat([Buffer.from(d ?? '', 'base64url'), Buffer.from(x ?? '', 'base64url')]));
}

function parseLines(text: string, bytes: number, path: string): readonly Buffer[] {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64url'));
  const wrong = keys.findIndex((key) => key.length !== bytes);
  if (wrong !== -1) {
    throw new Error(
      `${path}: key ${wrong + 1} has ${keys[wrong]?.length} bytes, expected ${bytes} in base64`,
    );
  }
  if (keys.length === 0) throw new Error(`${path}: holds no key, expected one a line`);
  return keys;
}

function parseActive(text: string | undefined, count: number, directory: string): number {
  const key = Number(text?.trim() ?? '1');
  if (Number.isInteger(key) && key >= 1 && key <= count) return key;
  throw new Error(
    `${join(directory, activeFile)}: found '${text?.trim()}', expected the number of one of the ${count} secret keys`,
  );
}

function activeSecret(secrets: readonly Buffer[], publics: readonly Buffer[], key: number): KeyObject {
  const secret = secrets[key - 1];
  const known = publics[key - 1];
  if (secret === undefined || known === undefined || !known.equals(secret.subarray(32))) {
    throw new Error(`${publicFile}: line ${key} is not the public half of secret key ${key}`);
  }
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    d: secret.subarray(0, 32).toString('base64url'),
    x: secret.subarray(32).toString('base64url'),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function publicKey(bytes: Buffer): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') },
    format: 'jwk',
  });
}

function encode(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64url');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
