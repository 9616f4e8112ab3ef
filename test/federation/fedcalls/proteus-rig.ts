import assert from 'node:assert/strict';
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
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  type ScriptedRpc,
  type TestUser,
  until,
} from '#testkit';
import { connect, createGroup, expectStatus, type Named, named, pathOf } from '../conversation-rig.ts';
import { type Device, deviceOf } from '../messages-rig.ts';
import { type FederatedCallRow, type Stage, says, type WhenDown } from './play.ts';

/*
 * Where the rows of Proteus conversations are played. Alice is on A, where groups are made with Bob of B; further groups
 * are owned by B and have Alice as a member.
 */

export interface Rig {
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
  /** Of B, with Alice and Bob. */
  readonly theirs: Named;
  /** As `theirs`; left by Alice in one of the rows. */
  readonly left: Named;
}

export type Row = FederatedCallRow<Rig>;

export async function open(): Promise<Stage<Rig>> {
  const network = await openNetwork({ backends: 2 });
  const [a, b] = [network.backend(0), network.backend(1)];
  const alice = await deviceOf(await createUser(a, { name: 'Alice' }), a);
  const bob = await deviceOf(await createUser(b, { name: 'Bob' }), b);
  const amy = await createUser(a, { name: 'Amy' });
  const tina = await createUser(a, { name: 'Tina', team: { name: 'Tin' } });
  const team = String((await tina.send('/self')).get('team'));
  await connect(tina, bob.user);
  await connect(alice.user, bob.user);
  await connect(alice.user, amy);
  const theirs = await createGroup(bob.user, [alice.user]);
  const left = await createGroup(bob.user, [alice.user]);
  await until('Alice to be in the groups of B', async () => {
    const seen = await Promise.all([theirs, left].map((group) => alice.user.send(pathOf(group))));
    return seen.every(({ status }) => status === 200);
  });
  const group = await createGroup(alice.user, [bob.user]);
  const rig = { a, b, alice, bob, amy, tina, team, group, theirs, left };
  return { network, other: b, rig, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
}

/** What the recorder answers: it agrees to everything, and owns what is asked of it. */
export function script({ alice, bob }: Rig): readonly ScriptedRpc[] {
  const time = '2026-01-01T00:00:00.000Z';
  const nothing = () => ({});
  const metadata = { type: 0, creator: bob.user.id, access: ['invite'], access_role: ['team_member'] };
  return [
    says(getNotFullyConnectedBackends, () => ({ non_connected_backends: [] })),
    says(getUserClients, () => ({ [bob.user.id]: [{ id: bob.client, class: 'phone' }] })),
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
        orig_user_id: named(alice.user),
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

/** What paths name: a conversation, and a member of it. */
export function place(conversation: Named, member?: TestUser): Readonly<Record<string, string>> {
  const { domain, id: cnv } = conversation;
  return { domain, cnv, ...(member && { userDomain: member.domain, usr: member.id }) };
}

/** Makes a group of A's without Bob. */
export async function withoutBob(rig: Rig, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  rig.group = await createGroup(rig.alice.user, [], more);
}

/** Makes a group of A's with Bob. */
export async function withBob(rig: Rig, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  rig.group = await createGroup(rig.alice.user, [rig.bob.user], more);
}

export async function addAmy({ alice, amy, group }: Rig): Promise<void> {
  expectStatus(
    await alice.user.send(`${pathOf(group)}/members`, { body: { qualified_users: [named(amy)] } }),
    200,
  );
}

/** Takes a member out; no harm when it is not in. */
export async function takeOut(by: TestUser, group: Named, { domain, id }: TestUser): Promise<void> {
  await by.send(`${pathOf(group)}/members/${domain}/${id}`, { method: 'DELETE' });
}

/**
 * A row that is played with the remote down in the same group as with the remote up, and whose notification names it: a
 * new group with Bob cannot be made while his backend is down.
 */
export function inOneGroup(row: Row): Row {
  let group: Named | undefined;
  return {
    ...row,
    async call(rig) {
      rig.group = group ?? rig.group;
      const answer = await row.call(rig);
      group = rig.group;
      return answer;
    },
    ...(row.rpc.delivery === 'queued' && { carries: () => group?.id ?? 'no group' }),
  };
}

let counter = 0;

/** Another number each time. */
export function fresh(): number {
  counter += 1;
  return counter;
}

/** The label of a call to a remote that is down. */
export const refused = 'federation-connection-refused';

/** B, whose user is to come in, does not answer. */
export const unreachable: WhenDown<Rig> = {
  status: 533,
  shows: ({ unreachable_backends }, { b }) => assert.deepEqual(unreachable_backends, [b.domain]),
};
