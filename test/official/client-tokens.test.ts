import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { CoreCrypto, DatabaseKey, type E2eiEnrollment } from '@wireapp/core-crypto/src/corecrypto.js';
import { createUser, openNetwork, type TestNetwork, type TestUser } from '#testkit';
import { newClient } from '../contract/clients-suite.ts';
import { expectStatus } from '../federation/conversation-rig.ts';
import { loadCoreCrypto } from './core-crypto-member.ts';

/*
 * Proofs that Wire's own CoreCrypto signs for a certificate authority. The authority is played: what it would answer
 * before the proof is made up, since the backend sees nothing of that but the challenge.
 */

describe('a token for a certificate authority', () => {
  let network: TestNetwork;
  let user: TestUser;
  let team: string;
  before(async () => {
    await loadCoreCrypto();
    network = await openNetwork({ backends: 1 });
    const wanted = { name: 'Smith, Zoë (QA)', handle: 'zoe.smith_1', team: { name: 'Team' } };
    user = await createUser(network.backend(0), wanted);
    team = String((await user.send('/self')).get('team'));
  });
  after(() => network[Symbol.asyncDispose]());

  const schemes = [
    [1, 'ed25519'],
    [2, 'P-256'],
    [7, 'P-384'],
    [5, 'P-521'],
  ] as const;
  for (const [suite, curve] of schemes) {
    it(`is given for a proof of CoreCrypto, for suite ${suite}`, async () => {
      const body = { ...newClient(), password: user.password };
      const client = String(expectStatus(await user.send('/clients', { body }), 201).get('id'));
      const core = await CoreCrypto.deferredInit({
        databaseName: `${user.id}-${client}`,
        key: new DatabaseKey(new Uint8Array(32)),
      });
      const nonce = await user.send(`/clients/${client}/nonce`, { method: 'HEAD' });
      const proof = await core.transaction(async (context) => {
        const id = `${user.id}:${client}@${user.domain}`;
        const { name, handle = '' } = user;
        const enrolled = await context.e2eiNewEnrollment(id, name, handle, 3600, suite, team);
        await meetAuthority(enrolled, user, client);
        return enrolled.createDpopToken(30, nonce.headers.get('replay-nonce') ?? '');
      });
      const answer = await user.send(`/clients/${client}/access-token`, {
        method: 'POST',
        headers: { DPoP: Buffer.from(proof).toString() },
      });
      expectStatus(answer, 200);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      const [header = '', claims = '', signature = ''] = String(answer.get('token')).split('.');
      const { jwk } = JSON.parse(Buffer.from(header, 'base64url').toString());
      assert.equal(String(jwk.crv).toLowerCase(), curve.toLowerCase());
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const hash = { ed25519: null, 'P-256': 'sha256', 'P-384': 'sha384', 'P-521': 'sha512' }[curve];
      const signed = Buffer.from(`${header}.${claims}`);
      const verifier = { key, dsaEncoding: 'ieee-p1363' } as const;
      assert.ok(verify(hash, signed, verifier, Buffer.from(signature, 'base64url')));
      const said = JSON.parse(Buffer.from(claims, 'base64url').toString());
      assert.deepEqual([said.chal, said.aud], [challengeToken, deviceChallenge]);
    });
  }
});

const authority = 'https://acme.example.com/acme/wire';
const challengeToken = 'b1vGm3jV7dbKz84C1XpZTLQQKQWcFFmg';
const deviceChallenge = `${authority}/challenge/2/2`;

/** Leads an enrollment to where the client has to prove who it is. */
async function meetAuthority(enrolled: E2eiEnrollment, user: TestUser, client: string): Promise<void> {
  const target = `https://${user.domain}/clients/${client}/access-token`;
  const identity = {
    name: user.name,
    domain: user.domain,
    handle: `wireapp://%40${user.handle}@${user.domain}`,
  };
  const id = Buffer.from(user.id.replaceAll('-', ''), 'hex').toString('base64url');
  const device = { ...identity, 'client-id': `wireapp://${id}!${client}@${user.domain}` };
  const identifiers = [
    { type: 'wireapp-user', value: JSON.stringify(identity) },
    { type: 'wireapp-device', value: JSON.stringify(device) },
  ] as const;
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  const authorization = (identifier: object, challenge: object) => ({
    status: 'pending',
    expires,
    challenges: [{ status: 'pending', token: challengeToken, ...challenge }],
    identifier,
  });
  await enrolled.directoryResponse(
    json({
      newNonce: `${authority}/new-nonce`,
      newAccount: `${authority}/new-account`,
      newOrder: `${authority}/new-order`,
      revokeCert: `${authority}/revoke-cert`,
    }),
  );
  await enrolled.newAccountRequest('nonce');
  await enrolled.newAccountResponse(json({ status: 'valid', orders: `${authority}/orders` }));
  await enrolled.newOrderRequest('nonce');
  const authorizations = [`${authority}/authz/1`, `${authority}/authz/2`] as const;
  await enrolled.newOrderResponse(
    json({
      status: 'pending',
      finalize: `${authority}/finalize`,
      identifiers,
      authorizations,
      expires,
      notBefore: new Date(Date.now() - 60_000).toISOString(),
      notAfter: expires,
    }),
  );
  const challenges = [
    { type: 'wire-oidc-01', url: `${authority}/challenge/1/1`, target: 'https://idp.example.com/' },
    { type: 'wire-dpop-01', url: deviceChallenge, target },
  ] as const;
  for (const index of [0, 1] as const) {
    await enrolled.newAuthzRequest(authorizations[index], 'nonce');
    await enrolled.newAuthzResponse(json(authorization(identifiers[index], challenges[index])));
  }
}

function json(value: object): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(value)));
}
