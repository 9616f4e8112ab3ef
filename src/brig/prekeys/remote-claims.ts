import type {
  ClientIdsByUser,
  ClientPrekey,
  Prekey,
  PrekeyBundle,
  PrekeysByUser,
} from '#contract/devices.ts';
import { claimMultiPrekeyBundle, claimPrekey, claimPrekeyBundle } from '#contract/federation/brig.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { unexpected } from '../users/remote-users.ts';
import type { OwnedClient } from './prekey-store.ts';
import { decodeBase64 } from './proteus-bundle.ts';

/**
 * Claims of prekeys at the backend of their user. A remote answers about what it was asked, or its answer is worth
 * nothing. A key is for the client of the caller to judge and passed on as it is, unless it cannot be one: then it
 * counts as none, so that one broken client does not keep the others from being written to.
 */

/** @throws Refusal as `FederationCaller.call`; `federation-unexpected-body` for an answer about another client. */
export async function claimRemotePrekey(
  federation: FederationCaller,
  domain: BackendDomain,
  { userId, clientId }: OwnedClient,
  options: CallOptions,
): Promise<ClientPrekey | undefined> {
  const told = await federation.call(domain, claimPrekey, [userId, clientId], options);
  if (told === null || !isPossibleKey(told.prekey)) return undefined;
  if (told.client !== clientId) throw unexpected(domain, claimPrekey, `the client ${told.client}`);
  return { client: clientId, prekey: asTold(told.prekey) };
}

/** @throws Refusal as `FederationCaller.call`; `federation-unexpected-body` for an answer about another user. */
export async function claimRemoteBundle(
  federation: FederationCaller,
  domain: BackendDomain,
  userId: UserId,
  options: CallOptions,
): Promise<PrekeyBundle> {
  const told = await federation.call(domain, claimPrekeyBundle, userId, options);
  if (told.user !== userId) throw unexpected(domain, claimPrekeyBundle, `the user ${told.user}`);
  const clients = new Map<ClientId, ClientPrekey>();
  for (const { client, prekey } of told.clients) {
    if (isPossibleKey(prekey) && !clients.has(client))
      clients.set(client, { client, prekey: asTold(prekey) });
  }
  return { user: userId, clients: [...clients.values()] };
}

/** @throws Refusal as `FederationCaller.call`; `federation-unexpected-body` for somebody who was not asked for. */
export async function claimRemotePrekeys(
  federation: FederationCaller,
  domain: BackendDomain,
  wanted: ClientIdsByUser,
  options: CallOptions,
): Promise<PrekeysByUser> {
  const told = await federation.call(domain, claimMultiPrekeyBundle, wanted, options);
  for (const [userId, clients] of Object.entries(told) as [UserId, Record<ClientId, Prekey | null>][]) {
    const asked = new Set(Object.hasOwn(wanted, userId) ? wanted[userId] : undefined);
    const stranger = (Object.keys(clients) as ClientId[]).find((clientId) => !asked.has(clientId));
    if (stranger !== undefined || !Object.hasOwn(wanted, userId)) {
      const found = stranger === undefined ? `the user ${userId}` : `the client ${stranger} of ${userId}`;
      throw unexpected(domain, claimMultiPrekeyBundle, `${found}, who was not asked for`);
    }
  }
  return Object.fromEntries(
    (Object.entries(wanted) as [UserId, ClientId[]][]).map(([userId, clientIds]) => [
      userId,
      Object.fromEntries(
        clientIds.map((clientId) => {
          const prekey = told[userId]?.[clientId] ?? null;
          return [clientId, prekey !== null && isPossibleKey(prekey) ? asTold(prekey) : null];
        }),
      ),
    ]),
  );
}

function isPossibleKey({ key }: Prekey): boolean {
  return key !== '' && decodeBase64(key) !== undefined;
}

/** The members of the contract and no others. */
function asTold({ id, key }: Prekey): Prekey {
  return { id, key };
}
