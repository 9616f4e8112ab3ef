import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  lastResortId,
  makePrekey,
  makePrekeys,
  type NetworkBackend,
  openNetwork,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';
import { type LibraryNotification, type OfficialUser, openOfficialUser } from './api-client-user.ts';

/*
 * Wire's own client library against two backends: Alice on A and Bob on B, each with the library in a process of their
 * own. They log in, register a client, get their tokens renewed, ask for and accept a connection across backends, and
 * read what happened from the WebSocket and from the stored notifications. Nothing of the library is patched.
 */

/** The version of the client API whose notifications are the legacy stream. */
const apiVersion = 5;

interface Member {
  readonly account: TestUser;
  readonly library: OfficialUser;
  readonly clientId: string;
}

/** What the library does at its first start: log in, register a client, bind the token to it, open the socket. */
async function openMember(backend: NetworkBackend, name: string): Promise<Member> {
  const account = await createUser(backend, { name, handle: name.toLowerCase() });
  const library = await openOfficialUser(backend, apiVersion);
  const { email, password } = account;
  await library.call('login', { email, password, clientType: 'permanent' });
  const client = await library.call('api.client.postClient', {
    type: 'permanent',
    class: 'desktop',
    label: 'test',
    prekeys: makePrekeys(0, 5),
    lastkey: makePrekey(lastResortId),
    password,
  });
  const clientId = String(Reflect.get(Object(client), 'id'));
  await library.call('transport.http.associateClientWithSession', clientId);
  await library.call('transport.ws.connect', clientId);
  await library.opened();
  return { account, library, clientId };
}

describe("Wire's client library on two backends", () => {
  let network: TestNetwork;
  let alice: Member;
  let bob: Member;
  before(async () => {
    network = await openNetwork({ backends: 2 });
    [alice, bob] = await Promise.all([
      openMember(network.backend(0), 'Alice'),
      openMember(network.backend(1), 'Bob'),
    ]);
  });
  after(async () => {
    await alice?.library[Symbol.asyncDispose]();
    await bob?.library[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  it('knows the domain that its user is of', async () => {
    assert.equal(await alice.library.call('domain'), 'a.example.com');
    assert.equal(await bob.library.call('domain'), 'b.example.com');
  });

  it('tells a wrong password from other refusals', async () => {
    await using stranger = await openOfficialUser(network.backend(0), apiVersion);
    const login = { email: alice.account.email, password: 'a wrong one', clientType: 'permanent' };
    await assert.rejects(stranger.call('login', login), ({ cause }) => {
      assert.equal(Reflect.get(Object(cause), 'name'), 'InvalidCredentialsError');
      return true;
    });
  });

  it('finds its client, has a token that is bound to it, and gets it renewed', async () => {
    const clients = await alice.library.call('api.client.getClients');
    assert.deepEqual(
      (clients as readonly { readonly id: string }[]).map(({ id }) => id),
      [alice.clientId],
    );
    const bound = String(await alice.library.call('accessTokenStore.accessTokenData.access_token'));
    assert.match(bound, new RegExp(`\\.i=${alice.clientId}(\\.|$)`));
    await alice.library.call('transport.http.refreshAccessToken');
    assert.notEqual(await alice.library.call('accessTokenStore.accessTokenData.access_token'), bound);
    assert.equal(Reflect.get(Object(await alice.library.call('api.self.getSelf')), 'name'), 'Alice');
  });

  it('gets its pongs', async () => {
    assert.equal(await bob.library.call('transport.ws.checkHealth'), true);
  });

  it('finds a user of the other backend, asks, is accepted, and both sides see it', async () => {
    const found = await alice.library.call('api.user.getSearchContacts', 'bob', 10, 'b.example.com');
    const documents = Reflect.get(Object(found), 'documents');
    assert.deepEqual(
      (documents as readonly { readonly qualified_id: unknown }[]).map(({ qualified_id }) => qualified_id),
      [{ domain: 'b.example.com', id: bob.account.id }],
    );

    const { id, domain } = bob.account;
    const asked = await alice.library.call('api.connection.postConnection', { id, domain });
    assert.equal(Reflect.get(Object(asked), 'status'), 'sent');
    assert.equal(await statusOf(bob, 'pending'), alice.account.id);

    const back = { id: alice.account.id, domain: alice.account.domain };
    const accepted = await bob.library.call('api.connection.putConnection', back, { status: 'accepted' });
    assert.equal(Reflect.get(Object(accepted), 'status'), 'accepted');
    assert.equal(await statusOf(alice, 'accepted'), bob.account.id);
  });

  it('reads all of it again from the stored notifications, in the same order', async () => {
    for (const member of [alice, bob]) {
      const stored = await member.library.call('api.notification.getAllNotifications', member.clientId);
      const list = Reflect.get(Object(stored), 'notifications') as readonly LibraryNotification[];
      const live = member.library.notifications.map(({ id }) => id);
      assert.ok(live.length > 0);
      assert.deepEqual(
        list.map(({ id }) => id).filter((id) => live.includes(id)),
        live,
      );
      assert.ok(
        list.some(({ payload }) => payload.some(({ type }) => type === 'user.client-add')),
        'the client finds its own registration',
      );
    }
  });

  it('finds what came while its socket was closed', async () => {
    const last = await bob.library.call('api.notification.getLastNotification', bob.clientId);
    await bob.library.call('transport.ws.disconnect');
    const carol = await createUser(network.backend(0), { name: 'Carol', handle: 'carol' });
    await carol.send(`/connections/${bob.account.domain}/${bob.account.id}`, { method: 'POST' });
    const since = Reflect.get(Object(last), 'id');
    const missed = await until('what Carol caused', async () => {
      const answer = await bob.library.call('api.notification.getAllNotifications', bob.clientId, since);
      const list = Reflect.get(Object(answer), 'notifications') as readonly LibraryNotification[];
      return list.length > 0 && list;
    });
    assert.deepEqual(
      missed.flatMap(({ payload }) => payload.map(({ type }) => type)),
      ['user.connection'],
    );
  });
});

/** Resolves with the other user of the first connection event of this status that a member's socket brings. */
function statusOf({ library }: Member, status: string): Promise<string> {
  return until(`a user.connection event with status ${status}`, () => {
    for (const { payload } of library.notifications)
      for (const { type, connection } of payload)
        if (type === 'user.connection' && Reflect.get(Object(connection), 'status') === status)
          return String(Reflect.get(Object(connection), 'to'));
    return undefined;
  });
}
