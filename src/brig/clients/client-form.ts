import { createHash } from 'node:crypto';
import {
  type Client,
  type ClientCapability,
  type ClientType,
  type ClientV6,
  consumesNotifications,
  type MlsPublicKeys,
} from '#contract/client/clients.ts';
import type { ClientClass, Prekey, PubClient } from '#contract/devices.ts';
import type { ClientId } from '#contract/ids.ts';
import type { ClientRow } from '#storage';

/**
 * The id that a last-resort prekey gives its client: the first eight bytes of SHA-256 over the key's base64 text, as a
 * number in hex (reference client-api 3.5).
 */
export function clientIdOf(lastResort: Prekey): ClientId {
  const digest = createHash('sha256').update(lastResort.key).digest();
  return digest.readBigUInt64BE().toString(16) as ClientId;
}

/** A client as its owner sees it; what is not set is left out. */
export function clientOf(row: ClientRow): Client {
  return {
    id: row.id as ClientId,
    type: row.type as ClientType,
    time: new Date(row.created_at).toISOString(),
    ...(row.class === null ? {} : { class: row.class as ClientClass }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.model === null ? {} : { model: row.model }),
    ...(row.cookie === null ? {} : { cookie: row.cookie }),
    ...(row.last_active === null ? {} : { last_active: wholeSeconds(row.last_active) }),
    capabilities: capabilitiesOf(row),
    mls_public_keys: mlsPublicKeysOf(row),
  };
}

/** The form of version 7, which knows no consumable notifications. */
export function clientV7Of(row: ClientRow) {
  const client = clientOf(row);
  return { ...client, capabilities: client.capabilities.filter(isKnownInV7) };
}

/** The form of client API versions up to 6, and of events in all versions. */
export function clientV6Of(row: ClientRow): ClientV6 {
  const client = clientV7Of(row);
  return { ...client, capabilities: { capabilities: client.capabilities } };
}

type CapabilityV7 = Exclude<ClientCapability, typeof consumesNotifications>;

function isKnownInV7(capability: ClientCapability): capability is CapabilityV7 {
  return capability !== consumesNotifications;
}

export function pubClientOf(row: ClientRow): PubClient {
  const id = row.id as ClientId;
  return row.class === null ? { id } : { id, class: row.class as ClientClass };
}

export function capabilitiesOf({ capabilities }: ClientRow): ClientCapability[] {
  return JSON.parse(capabilities) as ClientCapability[];
}

export function mlsPublicKeysOf({ mls_public_keys: keys }: ClientRow): MlsPublicKeys {
  return JSON.parse(keys) as MlsPublicKeys;
}

function wholeSeconds(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z');
}
