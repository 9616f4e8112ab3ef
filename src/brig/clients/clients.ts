import type { ClientCapability, ClientUpdate, MlsPublicKeys, NewClient } from '#contract/client/clients.ts';
import type { Prekey } from '#contract/devices.ts';
import type { ClientEvent, Push } from '#contract/events/push.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, ClientRow, Storage, Work } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import type { Passwords } from '../accounts/password.ts';
import { removeKeyPackages } from '../key-packages/key-package-store.ts';
import { removeLabelledCookies } from '../login/cookie-store.ts';
import type { Mailer } from '../mail/mailer.ts';
import { newClientMail } from '../mail/messages.ts';
import { putPrekeys, removePrekeys } from '../prekeys/prekey-store.ts';
import { isProteusPrekey } from '../prekeys/proteus-bundle.ts';
import type { SecondFactor } from '../second-factor/second-factor.ts';
import { clientAdded, clientsRemoved } from '../telemetry.ts';
import { findAccount } from '../users/user-store.ts';
import type { ClientDirectory } from './client-directory.ts';
import { capabilitiesOf, clientIdOf, clientV6Of, mlsPublicKeysOf } from './client-form.ts';
import {
  changeClient,
  findClient,
  listClients,
  lockClient,
  putClient,
  removeClientRows,
} from './client-store.ts';
import { type EventQueues, followCapabilities } from './event-queues.ts';
import { holds, type Proof, reauthenticate } from './reauthentication.ts';

/** Told, in the same unit of work, of each client that is removed: takes away what is kept for it elsewhere. */
export type ClientRemovedHook = (work: Work, userId: UserId, clientId: ClientId) => Promise<void>;

export interface ClientsNeeds {
  readonly storage: Storage;
  readonly passwords: Passwords;
  readonly secondFactor: Pick<SecondFactor, 'assert'>;
  readonly mailer: Mailer;
  readonly directory: ClientDirectory;
  readonly events: { push(work: Work, push: Push): Promise<void> };
  readonly queues: EventQueues;
  readonly onClientRemoved: readonly ClientRemovedHook[];
  /** Most permanent clients of a user. */
  readonly clientLimit: number;
  readonly now: () => number;
}

/** What a caller's requests come from: the session that is not told of what it did itself. */
export interface Asker {
  readonly userId: UserId;
  readonly connectionId: string | undefined;
}

/** Users' devices (reference client-api 3.5). */
export interface Clients {
  /**
   * Registers a client; one with the same last-resort key and type is replaced and keeps its id. A new temporary client
   * removes the earlier ones. The event is stored, for the new client too, when this resolves.
   * @param trusted an operator asks: neither password nor second factor is needed.
   * @throws Refusal `bad-request`, `client-error`, `code-authentication-required`, `code-authentication-failed`,
   * `missing-auth`, `invalid-credentials`, `too-many-clients`, `mls-duplicate-public-key`, `invalid-user`.
   */
  add(asker: Asker, body: NewClient, trusted?: boolean): Promise<ClientRow>;
  /** @throws Refusal `client-not-found`, `bad-request`, `client-capabilities-cannot-be-removed`, `mls-duplicate-public-key`. */
  update(userId: UserId, clientId: ClientId, body: ClientUpdate): Promise<void>;
  /** @throws Refusal `client-not-found`, `client-error`, `missing-auth`, `invalid-credentials`. */
  remove(asker: Asker, clientId: ClientId, password: string | undefined): Promise<void>;
  /** Removes all clients of a user whose account ends; `user.delete` tells of that, so no client is told of each. */
  removeAll(work: Work, userId: UserId): Promise<void>;
  /** Notes that a client is in use. */
  recordActivity(userId: UserId, clientId: ClientId): Promise<void>;
}

/** How often what was proven may turn out not to hold any more before the password is called wrong. */
const maxProofs = 3;
const weekMs = 604_800_000;

export function createClients(needs: ClientsNeeds): Clients {
  const { storage, passwords, mailer, directory, events, queues, now } = needs;

  async function removeClients(work: Work, userId: UserId, clients: readonly ClientRow[]): Promise<void> {
    if (clients.length === 0) return;
    const ids = clients.map(({ id }) => id as ClientId);
    const labels = clients.map(({ cookie }) => cookie).filter((label) => label !== null);
    await removeLabelledCookies(work, userId, labels);
    await removePrekeys(work, userId, ids);
    await removeKeyPackages(work, userId, ids);
    await removeClientRows(work, userId, ids);
    for (const id of ids) {
      for (const hook of needs.onClientRemoved) await hook(work, userId, id);
    }
    directory.changed(work, userId);
    work.onCommit(() => clientsRemoved(userId, ids));
  }

  async function removeAndTell(work: Work, asker: Asker, clients: readonly ClientRow[]): Promise<void> {
    await removeClients(work, asker.userId, clients);
    for (const { id } of clients) {
      await events.push(work, pushTo(asker, { type: 'user.client-remove', client: { id } }));
    }
  }

  async function assertSecondFactor(userId: UserId, { verification_code: code }: NewClient): Promise<void> {
    await needs.secondFactor.assert(await findAccount(storage.reader, userId), 'login', code);
  }

  /** Undefined when a password is needed that was not proven: another client came in between. */
  async function addIn(work: Work, { asker, body, trusted, proof }: Attempt): Promise<Added | undefined> {
    const account = await getUsableAccount(work, asker.userId);
    const clients = await listClients(work.reader, asker.userId);
    const id = clientIdOf(body.lastkey);
    const isProven = trusted || (proof !== undefined && holds(proof, account));
    if (!isProven && needsPassword(clients, body, id)) return undefined;
    const existing = clients.find((client) => client.id === id);
    const others = clients.filter((client) => client.type === body.type && client.id !== id);
    const isUpsert = existing?.type === body.type;
    if (body.type === 'permanent' && !isUpsert && others.length >= needs.clientLimit) {
      throw refuse('too-many-clients');
    }
    const row = newRow(asker.userId, id, body, existing, now());
    if (body.type === 'temporary') await removeAndTell(work, asker, others);
    await putClient(work, row);
    await followCapabilities(work, queues, row, existing);
    await putPrekeys(work, { userId: asker.userId, clientId: id }, [...body.prekeys, body.lastkey]);
    await events.push(work, pushTo(asker, { type: 'user.client-add', client: clientV6Of(row) }));
    directory.changed(work, asker.userId);
    return { row, account, isFirst: clients.every((client) => client.id === id) };
  }

  return {
    async add(asker, body, trusted = false) {
      if (body.type === 'legalhold') throw refuse('client-error:legalhold');
      assertPrekeys([...body.prekeys, body.lastkey]);
      if (!trusted) await assertSecondFactor(asker.userId, body);
      const id = clientIdOf(body.lastkey);
      for (let proofs = 0; proofs < maxProofs; proofs += 1) {
        const clients = await listClients(storage.reader, asker.userId);
        const proof =
          !trusted && needsPassword(clients, body, id)
            ? await reauthenticate(storage.reader, passwords, asker.userId, body.password ?? undefined)
            : undefined;
        const added = await storage.work((work) => addIn(work, { asker, body, trusted, proof }));
        if (added === undefined) continue;
        const { row, account, isFirst } = added;
        if (!isFirst && account.email !== null) {
          mailer.send(
            newClientMail(account.email, account.name, row.model ?? row.label, new Date(row.created_at)),
          );
        }
        clientAdded(asker.userId, row.id, row.type);
        return row;
      }
      throw refuse('invalid-credentials');
    },

    async update(userId, clientId, body) {
      const prekeys = [...(body.prekeys ?? []), ...(body.lastkey ? [body.lastkey] : [])];
      assertPrekeys(prekeys);
      await storage.work(async (work) => {
        const client = await lockClient(work, userId, clientId);
        if (client === undefined) throw refuse('client-not-found');
        const changed = await changeClient(work, userId, clientId, {
          id: clientId,
          ...(typeof body.label === 'string' ? { label: body.label } : {}),
          ...(body.capabilities && { capabilities: JSON.stringify(grown(client, body.capabilities)) }),
          ...(body.mls_public_keys && {
            mls_public_keys: JSON.stringify(joined(client, body.mls_public_keys)),
          }),
        });
        if (changed !== undefined) await followCapabilities(work, queues, changed, client);
        await putPrekeys(work, { userId, clientId }, prekeys);
      });
    },

    async remove(asker, clientId, password) {
      const found = await findClient(storage.reader, asker.userId, clientId);
      if (found === undefined) throw refuse('client-not-found');
      if (found.type === 'legalhold') throw refuse('client-error:legalhold');
      const isProofNeeded = found.type !== 'temporary';
      const proof = isProofNeeded
        ? await reauthenticate(storage.reader, passwords, asker.userId, password)
        : undefined;
      await storage.work(async (work) => {
        const account = await lockAccount(work, asker.userId);
        const client = await findClient(work.reader, asker.userId, clientId);
        if (account === undefined || client === undefined || client.type !== found.type) {
          throw refuse('client-not-found');
        }
        if (proof !== undefined && !holds(proof, account)) throw refuse('invalid-credentials');
        await removeAndTell(work, asker, [client]);
      });
    },

    async removeAll(work, userId) {
      const clients = await listClients(work.reader, userId);
      await removeClients(work, userId, clients);
    },

    async recordActivity(userId, clientId) {
      const lastActive = (Math.floor(now() / weekMs) + 1) * weekMs;
      const client = await findClient(storage.reader, userId, clientId);
      if (client === undefined || client.last_active === lastActive) return;
      await storage.work((work) => changeClient(work, userId, clientId, { last_active: lastActive }));
    },
  };
}

interface Attempt {
  readonly asker: Asker;
  readonly body: NewClient;
  readonly trusted: boolean;
  readonly proof: Proof | undefined;
}

interface Added {
  readonly row: ClientRow;
  readonly account: AccountRow;
  /** The user has no other clients. */
  readonly isFirst: boolean;
}

/** A token outlives its account by a few minutes. */
async function getUsableAccount(work: Work, userId: UserId): Promise<AccountRow> {
  const account = await lockAccount(work, userId);
  if (account === undefined || account.status === 'deleted') throw refuse('invalid-user');
  if (account.status === 'suspended') throw refuse('suspended');
  return account;
}

/** The first client of its type is free, and so is sending a known one again. */
function needsPassword(clients: readonly ClientRow[], { type }: NewClient, id: ClientId): boolean {
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

function newRow(
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
function grown(client: ClientRow, wanted: readonly ClientCapability[]): readonly ClientCapability[] {
  if (!capabilitiesOf(client).every((capability) => wanted.includes(capability))) {
    throw refuse('client-capabilities-cannot-be-removed');
  }
  return [...new Set(wanted)];
}

/** A key once set stays: it is in the client's key packages. @throws Refusal `mls-duplicate-public-key`. */
function joined(client: ClientRow, added: MlsPublicKeys): MlsPublicKeys {
  const present = mlsPublicKeysOf(client);
  const twice = Object.keys(added).find((scheme) => Object.hasOwn(present, scheme));
  if (twice !== undefined) {
    throw refuse('mls-duplicate-public-key', {
      message: `mls_public_keys.${twice}: the client has a key of this scheme already`,
    });
  }
  return { ...present, ...added };
}

function pushTo<E extends ClientEvent>({ userId, connectionId }: Asker, event: E): Push {
  return {
    recipients: [{ user: userId }],
    event,
    ...(connectionId === undefined ? {} : { origin: { user: userId, connectionId } }),
    route: 'any',
  };
}
