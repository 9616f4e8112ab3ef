import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import type { BrigNeeds } from '#brig';
import { createAccessToken, getNonce, headNonce } from '#contract/client/client-tokens.ts';
import { addClientV6, removeClient } from '#contract/client/clients.ts';
import { putSelf, putSelfHandle } from '#contract/client/self.ts';
import type { ClientId, TeamId } from '#contract/ids.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import type { SignatureScheme } from '#mls';
import { ownDomain, password, refused } from './brig-rig.ts';
import { newClient } from './clients-suite.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** What clients show to certificate authorities (RFC 9449, in wire-server's form). */
export function clientTokensSuite(freshUrl: () => Promise<string>): void {
  describe('a nonce of a client', () => {
    it('is fresh each time, and not to be kept by anybody on the way', async () => {
      await using asker = await openAsker(await freshUrl());
      const { rig, user, params } = asker;
      const [head, get] = [
        await rig.send(headNonce, { user, params }),
        await rig.send(getNonce, { user, params }),
      ];
      assert.deepEqual([head.status, get.status], [200, 204]);
      for (const { headers } of [head, get]) {
        assert.match(headers?.['replay-nonce'] ?? '', /^[\w-]{22}$/);
        assert.equal(headers?.['cache-control'], 'no-store');
      }
      assert.notEqual(head.headers?.['replay-nonce'], get.headers?.['replay-nonce']);
    });

    it('is not given for a client that is not there', async () => {
      await using asker = await openAsker(await freshUrl());
      const { rig, user } = asker;
      const params = { client: 'abc' };
      await assert.rejects(rig.send(getNonce, { user, params }), refused('client-not-found', 404));
    });

    it('is good once, not for long, and only while it is the newest', async () => {
      await using asker = await openAsker(await freshUrl());
      const bad = refused('client-token-bad-nonce', 400);
      const nonce = await asker.nonce();
      await asker.ask({ claims: { nonce } });
      await assert.rejects(asker.ask({ claims: { nonce } }), bad);
      const late = await asker.nonce();
      asker.rig.clock.now += 300_000;
      await assert.rejects(asker.ask({ claims: { nonce: late } }), bad);
      const older = await asker.nonce();
      await asker.nonce();
      await assert.rejects(asker.ask({ claims: { nonce: older } }), bad);
    });

    it('is spent by a wrong proof, and goes with its client', async () => {
      await using asker = await openAsker(await freshUrl());
      const bad = refused('client-token-bad-nonce', 400);
      const nonce = await asker.nonce();
      const other = refused('client-token-bad-method', 400);
      await assert.rejects(asker.ask({ claims: { nonce, htm: 'GET' } }), other);
      await assert.rejects(asker.ask({ claims: { nonce } }), bad);
      const last = await asker.nonce();
      await asker.rig.send(removeClient, { user: asker.user, params: asker.params, body: { password } });
      await assert.rejects(asker.ask({ claims: { nonce: last } }), bad);
    });
  });

  describe('a token for a certificate authority', () => {
    for (const scheme of Object.keys(algorithms) as SignatureScheme[]) {
      it(`says who has signed the challenge, for ${scheme}`, async () => {
        await using asker = await openAsker(await freshUrl());
        const nonce = await asker.nonce();
        const { body, proof, clientKey } = await asker.ask({ scheme, claims: { nonce } });
        assert.deepEqual([body.type, body.expires_in], ['DPoP', 300]);
        const [header, claims, signature] = body.token.split('.') as [string, string, string];
        const serverKey = createPublicKey(tokenKeys.privateKey(scheme));
        const { alg, hash } = algorithms[scheme];
        const jwk = serverKey.export({ format: 'jwk' });
        assert.deepEqual(read(header), { alg, typ: 'at+jwt', jwk });
        const key = { key: serverKey, dsaEncoding: 'ieee-p1363' } as const;
        const signed = Buffer.from(`${header}.${claims}`);
        assert.ok(verify(hash, signed, key, Buffer.from(signature, 'base64url')));
        const now = asker.rig.clock.now / 1000;
        const { jti, cnf, ...said } = read(claims);
        assert.match(String(jti), /^[\w-]{36}$/);
        assert.deepEqual(said, {
          iat: now,
          nbf: now,
          exp: now + 300,
          iss: asker.url,
          sub: asker.subject,
          aud: challengeUrl,
          nonce,
          chal: 'challenge',
          proof,
          client_id: asker.subject,
          api_version: 5,
          scope: 'wire_client_id',
        });
        assert.deepEqual(cnf, { kid: await thumbprintOf(clientKey) });
      });
    }

    it('is not given for a proof with anything wrong, and says what', async () => {
      await using asker = await openAsker(await freshUrl());
      const now = asker.rig.clock.now / 1000;
      const wrong: readonly [label: string, change: Partial<WantedProof>][] = [
        ['type-error', { header: { typ: 'JWT' } }],
        ['unsupported-alg', { header: { alg: 'HS256' } }],
        ['unsupported-alg', { header: { alg: 'none' } }],
        ['parse-error', { header: { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AA' } } }],
        ['parse-error', { header: { alg: 'ES256' } }],
        ['bad-signature', { signedBy: generateKeyPairSync('ed25519').privateKey }],
        ['bad-client-id', { claims: { sub: asker.subject.replace('!', '!1') } }],
        ['bad-nonce', { claims: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA' } }],
        ['jti-missing', { claims: { jti: undefined } }],
        ['chal-missing', { claims: { chal: undefined } }],
        ['iat-missing', { claims: { iat: undefined } }],
        ['bad-iat', { claims: { iat: now + 2 } }],
        ['exp-missing', { claims: { exp: undefined } }],
        ['exp-too-small', { claims: { exp: now - 2 } }],
        ['exp-too-large', { claims: { exp: now + 301 } }],
        ['bad-method', { claims: { htm: 'GET' } }],
        ['bad-uri', { claims: { htu: asker.url.replace('https', 'http') } }],
        ['parse-error', { claims: { aud: 'nowhere' } }],
      ];
      for (const [label, change] of wrong) {
        await assert.rejects(asker.askFresh(change), refused(`client-token-${label}`, 400), label);
      }
      const named: readonly [label: string, change: Partial<WantedProof>][] = [
        ['missing-dpop-header', { header: { jwk: undefined } }],
        ['not-yet-valid', { claims: { nbf: now + 2 } }],
        ['dpop-handle-mismatch', { claims: { handle: `wireapp://%40eve@${ownDomain}` } }],
        ['dpop-team-mismatch', { claims: { team: randomUUID() } }],
        ['dpop-display-name-mismatch', { claims: { name: 'Eve' } }],
      ];
      for (const [label, change] of named) {
        await assert.rejects(asker.askFresh(change), refused(label, 400), label);
      }
      await asker.askFresh({});
    });

    it('is not given for texts that are no proof', async () => {
      await using asker = await openAsker(await freshUrl());
      const { rig, user, params } = asker;
      for (const dpop of ['', 'a.b', 'e30.W10.AA', 'bnVsbA.e30.AA', 'e30.e30.!', 'e30.e30.AA.AA']) {
        await asker.nonce();
        const asked = rig.send(createAccessToken, { user, params, headers: { dpop } });
        await assert.rejects(asked, refused('client-token-parse-error', 400), dpop);
      }
      const none = rig.send(createAccessToken, { user, params });
      await assert.rejects(none, refused('bad-request', 400));
    });

    it('is for members of teams who have a handle', async () => {
      await using rig = await openTeamsRig(await freshUrl(), {}, { tokenKeys });
      const ask = (user: AuthenticatedUser) =>
        rig.send(createAccessToken, { user, params: { client: 'abc' }, headers: { dpop: 'x' } });
      await assert.rejects(ask(await rig.addStranger()), refused('not-a-team-user', 400));
      await assert.rejects(ask((await rig.addOwner()).owner), refused('missing-handle', 400));
    });

    it('is not given by a backend without keys for that', async () => {
      await using asker = await openAsker(await freshUrl(), {});
      await assert.rejects(asker.askFresh({}), refused('no-server-key-bundle', 404));
    });
  });
}

const challengeUrl = 'https://acme.example.com/acme/wire/challenge/1/2';

const algorithms: Readonly<
  Record<SignatureScheme, { readonly alg: string; readonly hash: string | null; readonly curve?: string }>
> = {
  ed25519: { alg: 'EdDSA', hash: null },
  ecdsa_secp256r1_sha256: { alg: 'ES256', hash: 'sha256', curve: 'P-256' },
  ecdsa_secp384r1_sha384: { alg: 'ES384', hash: 'sha384', curve: 'P-384' },
  ecdsa_secp521r1_sha512: { alg: 'ES512', hash: 'sha512', curve: 'P-521' },
};

function newKey(scheme: SignatureScheme): KeyObject {
  const { curve: namedCurve } = algorithms[scheme];
  const pair =
    namedCurve === undefined ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve });
  return pair.privateKey;
}

const serverKeys = new Map<SignatureScheme, KeyObject>();
const tokenKeys = {
  privateKey(scheme: SignatureScheme): KeyObject {
    const key = serverKeys.get(scheme) ?? newKey(scheme);
    serverKeys.set(scheme, key);
    return key;
  },
};

interface WantedProof {
  readonly scheme?: SignatureScheme;
  /** What differs from a right proof; undefined: left out. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signedBy?: KeyObject;
}

/** A member of a team whose client asks for tokens. */
async function openAsker(url: string, needs: Partial<BrigNeeds> = { tokenKeys }) {
  const rig = await openTeamsRig(url, {}, needs);
  const { owner: user, team } = await rig.addOwner();
  await rig.send(putSelf, { user, body: { name: 'Alice Äöü' } });
  await rig.send(putSelfHandle, { user, body: { handle: 'alice.a_1' } });
  const { id: client } = (await rig.send(addClientV6, { user, body: newClient() })).body;
  const params = { client };
  return {
    rig,
    user,
    params,
    ...askerOf(rig, user, team, client),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

function askerOf(rig: TeamsRig, user: AuthenticatedUser, team: TeamId, client: ClientId) {
  const params = { client };
  const id = Buffer.from(user.userId.replaceAll('-', ''), 'hex').toString('base64url');
  const subject = `wireapp://${id}!${client}@${ownDomain}`;
  const url = `https://${ownDomain}/clients/${client}/access-token`;
  const nonce = async () => (await rig.send(headNonce, { user, params })).headers?.['replay-nonce'] ?? '';

  function write({ scheme = 'ed25519', header, claims, signedBy }: WantedProof) {
    const clientKey = newKey(scheme);
    const now = rig.clock.now / 1000;
    const { alg, hash } = algorithms[scheme];
    const jwk = createPublicKey(clientKey).export({ format: 'jwk' });
    const said = {
      iat: now,
      nbf: now,
      exp: now + 30,
      sub: subject,
      aud: challengeUrl,
      jti: randomUUID(),
      htm: 'POST',
      htu: url,
      chal: 'challenge',
      handle: `wireapp://%40alice.a_1@${ownDomain}`,
      team,
      name: 'Alice Äöü',
    };
    const parts = [
      { alg, typ: 'dpop+jwt', jwk, ...header },
      { ...said, ...claims },
    ];
    const signed = parts.map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')).join('.');
    const key = { key: signedBy ?? clientKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign(hash, Buffer.from(signed), key).toString('base64url');
    return { clientKey, proof: `${signed}.${signature}` };
  }

  async function ask(wanted: WantedProof) {
    const { clientKey, proof } = write(wanted);
    const { body } = await rig.send(createAccessToken, { user, params, headers: { dpop: proof } });
    return { body, proof, clientKey };
  }

  return {
    subject,
    url,
    nonce,
    ask,
    /** With a nonce that is good. */
    askFresh: async (change: WantedProof) =>
      ask({ ...change, claims: { nonce: await nonce(), ...change.claims } }),
  };
}

function read(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

/** By another way than the code under test: RFC 7638 with the platform's digest. */
async function thumbprintOf(key: KeyObject): Promise<string> {
  const { crv, kty, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const members = Object.entries({ crv, kty, x, y }).filter(([, value]) => value !== undefined);
  const json = `{${members.map(([name, value]) => `"${name}":"${value}"`).join(',')}}`;
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(json))).toString('base64url');
}
