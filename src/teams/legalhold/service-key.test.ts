import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { fingerprintOf, readServiceKey } from './service-key.ts';

function pemOf(key: KeyObject): string {
  return String(key.export({ type: 'spki', format: 'pem' }));
}

describe('the key of a legal hold service', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  it('is an RSA key in PEM', () => {
    assert.equal(readServiceKey(pemOf(publicKey))?.equals(publicKey), true);
  });

  it('is nothing else', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = pemOf(publicKey);
    const secret = String(
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    const wrong = [
      pemOf(small.publicKey),
      pemOf(other.publicKey),
      secret,
      '',
      'key',
      pem.replace('MII', 'AAA'),
    ];
    for (const text of wrong) assert.equal(readServiceKey(text), undefined, text);
  });

  it('is known again by length, modulus and exponent', () => {
    const { n = '', e } = publicKey.export({ format: 'jwk' });
    assert.equal(e, 'AQAB');
    const form = Buffer.concat([
      Buffer.from('256'),
      Buffer.from([0, 0, 1, 1, 0]),
      Buffer.from(n, 'base64url'),
      Buffer.from([0, 0, 0, 3, 1, 0, 1]),
    ]);
    assert.equal(fingerprintOf(publicKey), createHash('sha256').update(form).digest('base64'));
  });
});
