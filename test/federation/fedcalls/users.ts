import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import * as clients from '#contract/client/clients.ts';
import * as connections from '#contract/client/connections.ts';
import * as prekeys from '#contract/client/prekeys.ts';
import { searchContacts } from '#contract/client/search.ts';
import * as client from '#contract/client/users.ts';
import {
  claimMultiPrekeyBundle,
  claimPrekey,
  claimPrekeyBundle,
  getUserByHandle,
  getUserClients,
  getUsersByIds,
  searchUsers,
  sendConnectionAction,
} from '#contract/federation/brig.ts';
import { createUser, makePrekey, openNetwork, type TestUser } from '#testkit';
import { expectStatus, type Named } from '../conversation-rig.ts';
import { ask, type FederatedCallRow, type Subject, says, type WhenDown } from './play.ts';

/* Alice is on A; Bob and his phone are there only in what the recorder says in place of B. */

interface Rig {
  readonly alice: TestUser;
  readonly bob: Named;
  /** Others of B, whom Alice has asked for a connection. */
  readonly asked: Named[];
}

type Row = FederatedCallRow<Rig>;

const phone = 'b0b';
const key = makePrekey(1);

const failing: WhenDown<Rig> = { status: 521, shows: 'federation-connection-refused' };

/** The rows of users, their clients and their connections. */
export const users: Subject<Rig> = {
  name: 'users',
  rows: [
    ...[client.getUser, client.getUserSupportedProtocols].map((route) =>
      reading(route, getUsersByIds, failing),
    ),
    listing(client.listUsersOrFail, failing),
    listing(client.listUsers, {
      status: 200,
      shows: (body, { bob }) => assert.deepEqual(body, { found: [], failed: [bob] }),
    }),
    reading(client.getUserWithHandle, getUserByHandle, failing),
    {
      route: searchContacts,
      rpc: searchUsers,
      call: ({ alice, bob }) => ask(alice, searchContacts, {}, { query: `?q=bob&domain=${bob.domain}` }),
      status: 200,
      whenDown: failing,
    },
    reading(clients.getUserClients, getUserClients, {
      status: 200,
      shows: (body) => assert.deepEqual(body, []),
    }),
    reading(clients.getUserClient, getUserClients, { status: 404, shows: 'not-found' }),
    ...[clients.listUserClientsV1, clients.listUserClients].map(
      (route): Row => ({
        route,
        rpc: getUserClients,
        call: ({ alice, bob }) => ask(alice, route, {}, { body: { qualified_users: [bob] } }),
        status: 200,
        whenDown: { status: 200, shows: (body) => assert.deepEqual(body, { qualified_user_map: {} }) },
      }),
    ),
    reading(prekeys.claimClientPrekey, claimPrekey, failing),
    reading(prekeys.claimUserPrekeys, claimPrekeyBundle, failing),
    claiming(prekeys.claimPrekeysOrFail, failing),
    claiming(prekeys.claimPrekeys, {
      status: 200,
      shows: (body, { bob }) =>
        assert.deepEqual(body, { qualified_user_client_prekeys: {}, failed_to_list: [bob] }),
    }),
    ...[getUsersByIds, sendConnectionAction].flatMap((rpc) => [connecting(rpc), cancelling(rpc)]),
  ],
  script: ({ bob }) => [
    says(getUsersByIds, (input) =>
      (input as readonly string[]).map((id) => profileOf({ domain: bob.domain, id })),
    ),
    says(getUserByHandle, () => profileOf(bob)),
    says(searchUsers, () => ({ contacts: [], searchPolicy: 'full_search' })),
    says(getUserClients, () => ({ [bob.id]: [{ id: phone, class: 'phone' }] })),
    says(claimPrekey, () => ({ client: phone, prekey: key })),
    says(claimPrekeyBundle, () => ({ user: bob.id, clients: [{ client: phone, prekey: key }] })),
    says(claimMultiPrekeyBundle, () => ({ [bob.id]: { [phone]: key } })),
    says(sendConnectionAction, () => ({ tag: 'NewConnectionResponseOk', contents: null })),
  ],
  async open() {
    const network = await openNetwork({ backends: 2 });
    const [own, other] = [network.backend(0), network.backend(1)];
    const alice = await createUser(own, { name: 'Alice' });
    const rig = { alice, bob: somebodyOf(other.domain), asked: [] };
    return { network, other, rig, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
  },
};

/** What is asked of Bob by a path that names him, and his phone or his handle. */
function reading(route: Row['route'], rpc: Row['rpc'], whenDown: WhenDown<Rig>): Row {
  return {
    route,
    rpc,
    call: ({ alice, bob }) =>
      ask(alice, route, { domain: bob.domain, uid: bob.id, client: phone, handle: 'bob' }),
    status: 200,
    whenDown,
  };
}

function listing(route: Row['route'], whenDown: WhenDown<Rig>): Row {
  return {
    route,
    rpc: getUsersByIds,
    call: ({ alice, bob }) => ask(alice, route, {}, { body: { qualified_ids: [bob] } }),
    status: 200,
    whenDown,
  };
}

function claiming(route: Row['route'], whenDown: WhenDown<Rig>): Row {
  return {
    route,
    rpc: claimMultiPrekeyBundle,
    call: ({ alice, bob }) => ask(alice, route, {}, { body: { [bob.domain]: { [bob.id]: [phone] } } }),
    status: 200,
    whenDown,
  };
}

/** Alice asks somebody else each time. */
function connecting(rpc: Row['rpc']): Row {
  return {
    route: connections.createConnection,
    rpc,
    call: ({ alice, bob }) => connect(alice, somebodyOf(bob.domain)),
    status: 201,
    whenDown: failing,
  };
}

/** Alice no longer wants what she has asked for: of one while the remote is up, of another while it is down. */
function cancelling(rpc: Row['rpc']): Row {
  const route = connections.updateConnection;
  return {
    route,
    rpc,
    async prepare({ alice, bob, asked }) {
      for (const somebody of [somebodyOf(bob.domain), somebodyOf(bob.domain)]) {
        expectStatus(await connect(alice, somebody), 201);
        asked.push(somebody);
      }
    },
    async call({ alice, asked }) {
      const { domain, id: uid } = asked.pop() ?? assert.fail('nobody is left who was asked');
      return ask(alice, route, { domain, uid }, { body: { status: 'cancelled' } });
    },
    status: 200,
    whenDown: failing,
  };
}

function connect(alice: TestUser, { domain, id }: Named) {
  return ask(alice, connections.createConnection, { domain, uid: id });
}

function somebodyOf(domain: string): Named {
  return { domain, id: randomUUID() };
}

function profileOf(user: Named): Readonly<Record<string, unknown>> {
  return {
    qualified_id: user,
    name: 'Bob',
    handle: 'bob',
    accent_id: 0,
    legalhold_status: 'no_consent',
    supported_protocols: ['proteus'],
  };
}
