import type { ClientCapability, MlsPublicKeys, NewClient } from '#contract/client/clients.ts';
import { lastResortPrekeyId, type Prekey } from '#contract/devices.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { LegalholdDevice } from '#contract/legalhold.ts';
import { refuse } from '#contract/refusal.ts';
import type { ClientRow } from '#storage';
import { isProteusPrekey } from '../prekeys/proteus-bundle.ts';
import { capabilitiesOf, mlsPublicKeysOf } from './client-form.ts';

/** What a client may be, and may become. */

/** The first client of its type is free, and so is sending a known one again. */
export function needsPassword(clients: readonly ClientRow[], { type }: NewClient, id: ClientId): boolean {
  const typed = clients.filter((client) => client.type === type);
  return typed.length > 0 && !typed.some((client) => client.id === id);
}

/** @throws Refusal `bad-request` when a key is malformed or made for another id. */
export function assertPrekeys(prekeys: readonly Prekey[]): void {
  const wrong = prekeys.find((prekey) => !isProteusPrekey(prekey));
  if (wrong === undefined) return;
  throw refuse('bad-request:prekeys', {
    message: `Malformed prekeys uploaded: expected the key of id ${wrong.id} to be a Proteus prekey bundle with that id in base64`,
  });
}

export function newRow(
  userId: UserId,
  id: ClientId,
  body: NewClient,
  existing: ClientRow | undefined,
  now: number,
): ClientRow {
  const keys = body.mls_public_keys ?? {};
  return {
    user_id: userId,
    id,
    type: body.type,
    created_at: now,
    class: body.class ?? null,
    label: body.label ?? null,
    model: body.model ?? null,
    cookie: body.cookie ?? null,
    capabilities: JSON.stringify([...new Set(body.capabilities)]),
    mls_public_keys: JSON.stringify(existing === undefined ? keys : joined(existing, keys)),
    last_active: existing?.last_active ?? null,
  };
}

/** @throws Refusal `client-capabilities-cannot-be-removed`. */
export function grown(client: ClientRow, wanted: readonly ClientCapability[]): readonly ClientCapability[] {
  if (!capabilitiesOf(client).every((capability) => wanted.includes(capability))) {
    throw refuse('client-capabilities-cannot-be-removed');
  }
  return [...new Set(wanted)];
}

/** A key once set stays: it is in the client's key packages. @throws Refusal `mls-duplicate-public-key`. */
export function joined(client: ClientRow, added: MlsPublicKeys): MlsPublicKeys {
  const present = mlsPublicKeysOf(client);
  const twice = Object.keys(added).find((scheme) => Object.hasOwn(present, scheme));
  if (twice !== undefined) {
    throw refuse('mls-duplicate-public-key', {
      message: `mls_public_keys.${twice}: the client has a key of this scheme already`,
    });
  }
  return { ...present, ...added };
}

/** The client that a legal hold service has made for a user. It knows that others are shown that it listens. */
export function newLegalholdClient({ prekeys, last_prekey: { key } }: LegalholdDevice): NewClient {
  return {
    type: 'legalhold',
    class: 'legalhold',
    prekeys,
    lastkey: { id: lastResortPrekeyId, key },
    capabilities: ['legalhold-implicit-consent'],
  };
}
