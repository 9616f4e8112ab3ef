import { type KeyObject, randomUUID } from 'node:crypto';
import type { BackendDomain, ClientId, Handle, TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { SignatureScheme } from '#mls';
import type { Storage } from '#storage';
import { lockClient } from '../clients/client-store.ts';
import { teamOf } from '../users/profile.ts';
import { findAccount } from '../users/user-store.ts';
import { putNonce, takeNonce } from './nonce-store.ts';
import { judgeProof, type Proof } from './proof.ts';
import { signWebToken, thumbprintOf } from './web-token.ts';

/**
 * Tokens with which clients get certificates of their identity: a certificate authority that trusts this backend's key
 * believes from them which client of which user has signed its challenge. The formats are those of wire-server.
 */
export interface ClientTokens {
  /** A nonce for the client's next proof. @throws Refusal `client-not-found` */
  createNonce(user: UserId, client: ClientId): Promise<string>;
  /**
   * A token over a proof, which spends the nonce, whether it is right or not.
   * @throws Refusal `not-a-team-user`, `missing-handle`, `no-server-key-bundle`, or as `judgeProof`
   */
  create(user: UserId, client: ClientId, proof: string): Promise<ClientToken>;
}

export interface ClientToken {
  readonly token: string;
  readonly expiresIn: number;
}

/** The keys that sign tokens: one for each way in which clients sign. */
export interface TokenKeys {
  privateKey(scheme: SignatureScheme): KeyObject;
}

export interface ClientTokenNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** Undefined: no tokens here. */
  readonly keys: TokenKeys | undefined;
  readonly now: () => number;
}

/** wire-server's numbers, in seconds. */
const nonceLifetime = 300;
const tokenLifetime = 300;
const maxSkew = 1;
/** The version of the API whose form of tokens this is, and what a token is good for. */
const fixedClaims = { api_version: 5, scope: 'wire_client_id' } as const;

interface Holder {
  readonly handle: Handle;
  readonly name: string;
  readonly team: TeamId;
}

export function createClientTokens({ ownDomain, storage, keys, now }: ClientTokenNeeds): ClientTokens {
  async function getHolder(user: UserId): Promise<Holder> {
    const account = await findAccount(storage.reader, user);
    const team = account === undefined ? undefined : teamOf(account);
    if (account === undefined || team === undefined) throw refuse('not-a-team-user');
    if (account.handle === null) throw refuse('missing-handle');
    return { handle: account.handle as Handle, name: account.name, team };
  }

  function sign(keysOfOwn: TokenKeys, proof: Proof, said: { subject: string; url: string; nonce: string }) {
    const at = Math.floor(now() / 1000);
    const claims = {
      iat: at,
      nbf: at,
      exp: at + tokenLifetime,
      iss: said.url,
      sub: said.subject,
      aud: proof.audience,
      jti: randomUUID(),
      nonce: said.nonce,
      chal: proof.challenge,
      cnf: { kid: thumbprintOf(proof.key) },
      proof: proof.text,
      client_id: said.subject,
      ...fixedClaims,
    };
    const { algorithm } = proof;
    return signWebToken('at+jwt', claims, keysOfOwn.privateKey(algorithm.scheme), algorithm);
  }

  return {
    async createNonce(user, client) {
      return await storage.work(async (work) => {
        if ((await lockClient(work, user, client)) === undefined) throw refuse('client-not-found');
        return await putNonce(work, user, client, now() + nonceLifetime * 1000);
      });
    },

    async create(user, client, text) {
      const { handle, name, team } = await getHolder(user);
      if (keys === undefined) throw refuse('no-server-key-bundle');
      const nonce = await storage.work((work) => takeNonce(work, user, client, now()));
      if (nonce === undefined) throw refuse('client-token-bad-nonce');
      const subject = subjectOf(user, client, ownDomain);
      const url = `https://${ownDomain}/clients/${client}/access-token`;
      const proof = judgeProof(text, {
        subject,
        handle: `wireapp://%40${handle}@${ownDomain}`,
        name,
        team,
        nonce,
        url,
        now: Math.floor(now() / 1000),
        maxSkew,
        maxLifetime: tokenLifetime,
      });
      return { token: sign(keys, proof, { subject, url, nonce }), expiresIn: tokenLifetime };
    },
  };
}

/** A client as certificates name it: the id of its user as 16 bytes in base64url. */
function subjectOf(user: UserId, client: ClientId, domain: BackendDomain): string {
  const id = Buffer.from(user.replaceAll('-', ''), 'hex').toString('base64url');
  return `wireapp://${id}!${client}@${domain}`;
}
