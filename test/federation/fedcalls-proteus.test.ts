import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { getNotFullyConnectedBackends, getUserClients } from '#contract/federation/brig.ts';
import {
  getConversations,
  leaveConversation,
  onConversationCreated,
  onConversationUpdated,
  onMessageSent,
  onTypingIndicatorUpdated,
  sendMessage,
  updateConversation,
  updateTypingIndicator,
} from '#contract/federation/galley.ts';
import type { ClientId } from '#contract/ids.ts';
import { writeLegacyMessage, writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  type RemoteBackend,
  type TestAnswer,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';
import { connect, createGroup, expectStatus, type Named, named, pathOf } from './conversation-rig.ts';
import { type FederatedCall, recorder, rowName, says, seeArriving, seeDown } from './fedcalls-rig.ts';
import { type Device, deviceOf, messageFrom } from './messages-rig.ts';

/*
 * The rows of Proteus conversations and messages. Alice is on A, where groups are made with Bob of B; further groups are
 * owned by B and have Alice as a member. B itself is killed, and a recorder answers in its place.
 */

interface Rig {
  readonly a: NetworkBackend;
  readonly b: NetworkBackend;
  readonly alice: Device;
  readonly bob: Device;
  /** Of A, connected with Alice. */
  readonly amy: TestUser;
  /** Of A, connected with Bob, who has a team of her own. */
  readonly tina: TestUser;
  readonly team: string;
  /** Of A, with Alice and Bob. */
  group: Named;
  /** Of B, with Alice and Bob; left by Alice in one of the rows. */
  readonly theirs: readonly Named[];
}

let network: TestNetwork;
let rig: Rig;
let remote: RemoteBackend;

before(async () => {
  network = await openNetwork({ backends: 2 });
  const [a, b] = [network.backend(0), network.backend(1)];
  const alice = await deviceOf(await createUser(a, { name: 'Alice' }), a);
  const bob = await deviceOf(await createUser(b, { name: 'Bob' }), b);
  const amy = await createUser(a, { name: 'Amy' });
  const tina = await createUser(a, { name: 'Tina', team: { name: 'Tin' } });
  const team = String((await tina.send('/self')).get('team'));
  await connect(tina, bob.user);
  await connect(alice.user, bob.user);
  await connect(alice.user, amy);
  const theirs = [await createGroup(bob.user, [alice.user]), await createGroup(bob.user, [alice.user])];
  await until('Alice to be in the groups of B', async () => {
    const seen = await Promise.all(theirs.map((group) => alice.user.send(pathOf(group))));
    return seen.every(({ status }) => status === 200);
  });
  const group = await createGroup(alice.user, [bob.user]);
  rig = { a, b, alice, bob, amy, tina, team, group, theirs };
  await network.kill(b);
  remote = await recorder(network, b, script());
});
after(() => network[Symbol.asyncDispose]());

/** What the recorder answers: it agrees to everything, and owns what is asked of it. */
function script() {
  const time = '2026-01-01T00:00:00.000Z';
  const nothing = () => ({});
  const metadata = { type: 0, creator: rig.bob.user.id, access: ['invite'], access_role: ['team_member'] };
  return [
    says(getNotFullyConnectedBackends, () => ({ non_connected_backends: [] })),
    says(getUserClients, () => ({ [rig.bob.user.id]: [{ id: rig.bob.client, class: 'phone' }] })),
    ...[onConversationCreated, onConversationUpdated, onMessageSent, onTypingIndicatorUpdated].map((rpc) =>
      says(rpc, nothing),
    ),
    says(getConversations, (input) => ({
      convs: (input as { readonly conv_ids: readonly string[] }).conv_ids.map((id) => ({
        id,
        metadata,
        members: { self_role: 'wire_member', others: [] },
        protocol: { protocol: 'proteus' },
      })),
    })),
    says(leaveConversation, () => ({ Right: [] })),
    says(updateConversation, () => ({ tag: 'ConversationUpdateResponseNoChanges' })),
    says(updateTypingIndicator, (input) => ({
      tag: 'TypingDataUpdateSuccess',
      contents: {
        time,
        orig_user_id: named(rig.alice.user),
        conv_id: (input as { readonly conv_id: string }).conv_id,
        users_in_conv: [],
        typing_status: { status: 'started' },
      },
    })),
    says(sendMessage, () => ({
      Right: {
        time,
        missing: {},
        redundant: {},
        deleted: {},
        failed_to_send: {},
        failed_to_confirm_clients: {},
      },
    })),
  ];
}

/** A group of A's without Bob, for rows that bring him in. */
async function withoutBob(more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  rig.group = await createGroup(rig.alice.user, [], more);
}

async function withBob(more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  rig.group = await createGroup(rig.alice.user, [rig.bob.user], more);
}

const own = (path: string) => `/v2/conversations/${rig.group.id}${path}`;
const qualified = (path: string) => `/v5${pathOf(rig.group)}${path}`;
let counter = 0;
const fresh = () => {
  counter += 1;
  return counter;
};

/** One or the other, never the same twice running. */
let isOne = false;
function other<T>(one: T, two: T): T {
  isOne = !isOne;
  return isOne ? one : two;
}

function put(path: (rest: string) => string, rest: string, body: () => unknown) {
  return () => rig.alice.user.send(path(rest), { method: 'PUT', body: body() });
}

/** The changes of a group's properties, each by its old path and by its new one. */
const properties = [
  ...['', '/name'].map(
    (rest) => [`put /conversations/{cnv}${rest}`, own, rest, () => ({ name: `n${fresh()}` })] as const,
  ),
  ['put /conversations/{cnv_domain}/{cnv}/name', qualified, '/name', () => ({ name: `n${fresh()}` })],
  [
    'put /conversations/{cnv}/message-timer',
    own,
    '/message-timer',
    () => ({ message_timer: 1_000 * fresh() }),
  ],
  [
    'put /conversations/{cnv_domain}/{cnv}/message-timer',
    qualified,
    '/message-timer',
    () => ({ message_timer: 1_000 * fresh() }),
  ],
  ['put /conversations/{cnv}/receipt-mode', own, '/receipt-mode', () => ({ receipt_mode: fresh() })],
  [
    'put /conversations/{cnv_domain}/{cnv}/receipt-mode',
    qualified,
    '/receipt-mode',
    () => ({ receipt_mode: fresh() }),
  ],
  [
    'put /conversations/{cnv_domain}/{cnv}/access',
    qualified,
    '/access',
    () => ({
      access: other(['invite', 'link'], ['invite']),
      access_role: ['team_member', 'non_team_member', 'guest', 'service'],
    }),
  ],
] as const;

function otrMessage(): { readonly type: string; readonly bytes: Buffer } {
  const { alice, bob } = rig;
  return {
    type: 'application/x-protobuf',
    bytes: writeQualifiedMessage(messageFrom(alice, [bob], 'hello')),
  };
}

/** A queued notification: the client sees nothing of the remote's absence. */
const queued = { isQueued: true } as const;
const answered = { isQueued: false } as const;
const refused = 'federation-connection-refused';

const rows: readonly FederatedCall<Rig>[] = [
  ...properties.map(
    ([route, path, rest, body]): FederatedCall<Rig> => ({
      ...queued,
      route,
      rpc: onConversationUpdated,
      prepare: () => withBob(),
      call: put(path, rest, body),
      status: 200,
      whenDown: { status: 200 },
    }),
  ),
  ...(
    ['put /conversations/{cnv}/receipt-mode', 'put /conversations/{cnv_domain}/{cnv}/receipt-mode'] as const
  ).map(
    (route): FederatedCall<Rig> => ({
      ...answered,
      route,
      rpc: updateConversation,
      // The old path names conversations of the own backend only: it never gets to another's.
      call: () =>
        rig.alice.user.send(`/v5${pathOf(rig.theirs[0] ?? rig.group)}/receipt-mode`, {
          method: 'PUT',
          body: { receipt_mode: fresh() },
        }),
      status: 204,
      whenDown: { status: 521, shows: refused },
    }),
  ),
  {
    ...answered,
    route: 'get /conversations/{cnv_domain}/{cnv}',
    rpc: getConversations,
    call: () => rig.alice.user.send(pathOf(rig.theirs[0] ?? rig.group)),
    status: 200,
    whenDown: { status: 521, shows: refused },
  },
  {
    ...answered,
    route: 'post /conversations/list',
    rpc: getConversations,
    call: () => rig.alice.user.send('/conversations/list', { body: { qualified_ids: rig.theirs } }),
    status: 200,
    // Alice has left the other one by then.
    whenDown: { status: 200, shows: ({ failed }) => assert.deepEqual(failed, rig.theirs.slice(0, 1)) },
  },
  {
    ...answered,
    route: 'post /conversations',
    rpc: onConversationCreated,
    call: () =>
      rig.alice.user.send('/conversations', {
        body: { name: 'new', qualified_users: [named(rig.bob.user)] },
      }),
    status: 201,
    whenDown: {
      status: 533,
      shows: ({ unreachable_backends }) => assert.deepEqual(unreachable_backends, [rig.b.domain]),
    },
  },
  {
    ...queued,
    route: 'post /conversations/{cnv_domain}/{cnv}/members',
    rpc: onConversationUpdated,
    prepare: () => withoutBob(),
    call: async () => {
      await withoutBobAnyMore();
      return rig.alice.user.send(qualified('/members'), { body: { qualified_users: [named(rig.bob.user)] } });
    },
    status: 200,
    // Bob's leave is queued, his coming back is refused.
    whenDown: {
      status: 533,
      shows: ({ unreachable_backends }) => assert.deepEqual(unreachable_backends, [rig.b.domain]),
    },
  },
  ...(['post /conversations/join', 'post /conversations/{cnv}/join'] as const).map(
    (route): FederatedCall<Rig> => ({
      ...queued,
      route,
      rpc: onConversationUpdated,
      prepare: () =>
        withBob({ access: ['code', 'link'], access_role: ['team_member', 'non_team_member', 'guest'] }),
      call: () => joinAnew(route),
      status: 200,
      whenDown: { status: 200 },
    }),
  ),
  {
    ...answered,
    route: 'post /conversations/{cnv_domain}/{cnv}/typing',
    rpc: onTypingIndicatorUpdated,
    prepare: () => withBob(),
    call: () => rig.alice.user.send(qualified('/typing'), { body: { status: 'started' } }),
    status: 200,
    whenDown: { status: 200 },
  },
  {
    ...answered,
    route: 'post /conversations/{cnv_domain}/{cnv}/typing',
    rpc: updateTypingIndicator,
    call: () =>
      rig.alice.user.send(`${pathOf(rig.theirs[0] ?? rig.group)}/typing`, { body: { status: 'started' } }),
    status: 200,
    whenDown: { status: 521, shows: refused },
  },
  {
    ...queued,
    route: 'put /conversations/{cnv_domain}/{cnv}/members/{usr_domain}/{usr}',
    rpc: onConversationUpdated,
    prepare: () => withBob(),
    call: () =>
      rig.alice.user.send(qualified(`/members/${rig.bob.user.domain}/${rig.bob.user.id}`), {
        method: 'PUT',
        body: { conversation_role: other('wire_admin', 'wire_member') },
      }),
    status: 200,
    whenDown: { status: 200 },
  },
  {
    ...queued,
    route: 'put /conversations/{cnv}/members/{usr}',
    rpc: onConversationUpdated,
    prepare: async () => {
      await withBob();
      await addAmy();
    },
    call: () =>
      rig.alice.user.send(own(`/members/${rig.amy.id}`), {
        method: 'PUT',
        body: { conversation_role: other('wire_admin', 'wire_member') },
      }),
    status: 200,
    whenDown: { status: 200 },
  },
  {
    ...answered,
    route: 'delete /conversations/{cnv_domain}/{cnv}/members/{usr_domain}/{usr}',
    rpc: leaveConversation,
    call: () =>
      rig.alice.user.send(
        `${pathOf(rig.theirs[1] ?? rig.group)}/members/${rig.a.domain}/${rig.alice.user.id}`,
        {
          method: 'DELETE',
        },
      ),
    status: 200,
    whenDown: { status: 521, shows: refused },
  },
  {
    ...queued,
    route: 'delete /conversations/{cnv_domain}/{cnv}/members/{usr_domain}/{usr}',
    rpc: onConversationUpdated,
    prepare: () => withBob(),
    call: async () => {
      await addAmy();
      return rig.alice.user.send(qualified(`/members/${rig.a.domain}/${rig.amy.id}`), { method: 'DELETE' });
    },
    status: 200,
    whenDown: { status: 200 },
  },
  {
    ...queued,
    route: 'delete /teams/{tid}/conversations/{cid}',
    rpc: onConversationUpdated,
    // One for each time that the call is made.
    prepare: async () => {
      for (const _ of ['up', 'down']) teamGroups.push(await teamGroup());
    },
    call: async () => {
      rig.group = teamGroups.pop() ?? rig.group;
      return rig.tina.send(`/teams/${rig.team}/conversations/${rig.group.id}`, { method: 'DELETE' });
    },
    status: 200,
    whenDown: { status: 200 },
  },
  ...[getUserClients, onMessageSent].map(
    (rpc): FederatedCall<Rig> => ({
      ...(rpc === onMessageSent ? queued : answered),
      route: 'post /conversations/{cnv_domain}/{cnv}/proteus/messages',
      rpc,
      prepare: () => withBob(),
      call: () => rig.alice.user.send(qualified('/proteus/messages'), { raw: otrMessage() }),
      status: 201,
      whenDown: {
        status: 201,
        shows: ({ failed_to_confirm_clients }) =>
          assert.deepEqual(failed_to_confirm_clients, {
            [rig.b.domain]: { [rig.bob.user.id]: [rig.bob.client] },
          }),
      },
    }),
  ),
  {
    ...answered,
    route: 'post /conversations/{cnv}/otr/messages',
    rpc: getUserClients,
    prepare: () => withBob(),
    call: () => rig.alice.user.send(own('/otr/messages?ignore_missing=true'), { raw: legacyMessage() }),
    status: 201,
    whenDown: { status: 201 },
  },
  {
    ...answered,
    route: 'post /conversations/{cnv_domain}/{cnv}/proteus/messages',
    rpc: sendMessage,
    call: () =>
      rig.alice.user.send(`${pathOf(rig.theirs[0] ?? rig.group)}/proteus/messages`, { raw: otrMessage() }),
    status: 201,
    whenDown: { status: 521, shows: refused },
  },
];

function legacyMessage() {
  return {
    type: 'application/x-protobuf',
    bytes: writeLegacyMessage({
      sender: rig.alice.client as ClientId,
      recipients: new Map(),
      reportMissing: [],
      nativePush: true,
      nativePriority: undefined,
      transient: false,
      data: undefined,
    }),
  };
}

const teamGroups: Named[] = [];

function teamGroup(): Promise<Named> {
  return createGroup(rig.tina, [rig.bob.user], { team: { teamid: rig.team, managed: false } });
}

async function addAmy(): Promise<void> {
  expectStatus(
    await rig.alice.user.send(qualified('/members'), { body: { qualified_users: [named(rig.amy)] } }),
    200,
  );
}

/** Bob comes in anew each time: the call of a row is made twice. */
async function withoutBobAnyMore(): Promise<void> {
  await rig.alice.user.send(qualified(`/members/${rig.b.domain}/${rig.bob.user.id}`), { method: 'DELETE' });
}

/** Amy joins, after she has left if she was in. */
async function joinAnew(route: string): Promise<TestAnswer> {
  await rig.amy.send(qualified(`/members/${rig.a.domain}/${rig.amy.id}`), { method: 'DELETE' });
  if (route.includes('{cnv}'))
    return rig.amy.send(`/v4/conversations/${rig.group.id}/join`, { method: 'POST' });
  const made = await rig.alice.user.send(`/v5/conversations/${rig.group.id}/code`, { body: {} });
  const { key, code } = (made.get('data') ?? made.body) as { readonly key: string; readonly code: string };
  return rig.amy.send('/conversations/join', { body: { key, code } });
}

/** The group that each row was played in: a new one with Bob cannot be made while his backend is down. */
const groups = new Map<FederatedCall<Rig>, Named>();

describe('client calls of Proteus conversations, with the remote up', () => {
  for (const row of rows)
    it(rowName(row), async () => {
      await seeArriving(rig, remote, row);
      groups.set(row, rig.group);
    });
});

describe('client calls of Proteus conversations, with the remote down', () => {
  before(() => remote[Symbol.asyncDispose]());
  for (const row of rows.filter(({ rpc }) => rpc !== leaveConversation))
    it(`${rowName(row)}, or shows that it cannot`, async () => {
      rig.group = groups.get(row) ?? rig.group;
      await seeDown(rig, row);
      groups.set(row, rig.group);
    });
});

describe('notifications that client calls caused while the remote was down', () => {
  it('arrive when it is back', async () => {
    await using again = await recorder(network, rig.b, script());
    for (const row of rows.filter(({ isQueued }) => isQueued)) {
      const group = groups.get(row)?.id ?? '';
      await until(`${row.rpc.name} of "${row.route}" to arrive`, () =>
        again.received.some(
          ({ name, input }) => name.endsWith(row.rpc.name) && JSON.stringify(input).includes(group),
        ),
      );
    }
  });
});
