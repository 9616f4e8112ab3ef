import assert from 'node:assert/strict';
import { ECDH, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { createAuthority, createKey, type KeyKind } from '#testkit';
import { identityOf, rawPublicKey, type SignatureScheme } from './index.ts';

/* Who a leaf with an X.509 credential is: its certificate says so, if it is for the leaf's own key. */

const authority = createAuthority();
const user = '284d1c86-5117-4c58-aa18-c0068f3f7d8c' as UserId;
const encodedUser = Buffer.from(user.replaceAll('-', ''), 'hex').toString('base64url');
const identity = { user, client: 'e90' as ClientId, domain: 'alpha.example' as BackendDomain };
const uri = `wireapp://${encodedUser}%21e90@alpha.example`;

function leafOf(kind: KeyKind, scheme: SignatureScheme, name = uri) {
  const key = createKey(kind);
  const { certificate } = authority.issue({ commonName: 'Alice', key, otherNames: [{ uri: name }] });
  const certificates = [new X509Certificate(certificate).raw];
  return {
    credential: { type: 'x509', certificates },
    signatureKey: rawPublicKey(key.publicKey, scheme),
  } as const;
}

const kinds = [
  { kind: 'Ed25519', scheme: 'ed25519' },
  { kind: 'P-256', scheme: 'ecdsa_secp256r1_sha256' },
  { kind: 'P-384', scheme: 'ecdsa_secp384r1_sha384' },
  { kind: 'P-521', scheme: 'ecdsa_secp521r1_sha512' },
] as const;

describe('the identity of a leaf with a certificate', () => {
  for (const { kind, scheme } of kinds) {
    it(`is that of the certificate: ${kind}`, () => {
      assert.deepEqual(identityOf(leafOf(kind, scheme), scheme), identity);
    });

    it(`is unknown when the certificate is for another key: ${kind}`, () => {
      const { credential } = leafOf(kind, scheme);
      assert.equal(identityOf({ ...leafOf(kind, scheme), credential }, scheme), undefined);
    });
  }

  it('is the same when the leaf writes its key compressed', () => {
    const scheme = 'ecdsa_secp256r1_sha256';
    const leaf = leafOf('P-256', scheme);
    const compressed = ECDH.convertKey(leaf.signatureKey, 'prime256v1', undefined, undefined, 'compressed');
    assert.deepEqual(identityOf({ ...leaf, signatureKey: compressed as Buffer }, scheme), identity);
  });

  for (const [what, name] of [
    ['of another scheme', `https://${encodedUser}%21e90@alpha.example`],
    ['without a client', `wireapp://${encodedUser}@alpha.example`],
    ['whose client has leading zeros', `wireapp://${encodedUser}%210e90@alpha.example`],
    ['whose domain is none', `wireapp://${encodedUser}%21e90@alpha`],
  ] as const)
    it(`is unknown with a name ${what}`, () => {
      assert.equal(identityOf(leafOf('Ed25519', 'ed25519', name), 'ed25519'), undefined);
    });

  it('is unknown when there is no certificate, or one that cannot be read', () => {
    const { signatureKey } = leafOf('Ed25519', 'ed25519');
    for (const certificates of [[], [Buffer.from('certificate')]])
      assert.equal(
        identityOf({ credential: { type: 'x509', certificates }, signatureKey }, 'ed25519'),
        undefined,
      );
  });
});
