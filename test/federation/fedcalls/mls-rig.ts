import assert from 'node:assert/strict';
import { setProtocol } from '#contract/client/conversation-properties.ts';
import { mlsContentType } from '#contract/client/mls-conversations.ts';
import { sendMlsCommitBundle } from '#contract/client/mls-messages.ts';
import { getMlsClients, getNotFullyConnectedBackends } from '#contract/federation/brig.ts';
import {
  onClientRemoved,
  onConversationCreated,
  onConversationUpdated,
} from '#contract/federation/galley.ts';
import * as owner from '#contract/federation/mls-conversations.ts';
import * as messages from '#contract/federation/mls-messages.ts';
import {
  createUser,
  MlsClient,
  type MlsTestGroup,
  type NetworkBackend,
  openNetwork,
  request,
  type ScriptedRpc,
  type TestAnswer,
  type TestRequest,
  type TestUser,
} from '#testkit';
import { connect, createGroup, expectStatus, type Named, pathOf } from '../conversation-rig.ts';
import { ownersUser, welcomed } from '../mls-rig.ts';
import { ask, type FederatedCallRow, type Stage, says, type WhenDown } from './play.ts';
import { place } from './proteus-rig.ts';

/*
 * Where the rows of MLS groups are played. Alice is on A and has a team, in which groups of A are made: for each call one
 * of its own. Bob is on B, and owns a group with clients of Alice. Both are real until B goes down.
 */

export interface Rig {
  readonly a: NetworkBackend;
  readonly b: NetworkBackend;
  readonly alice: MlsClient;
  readonly team: string;
  /** Of A, not in the team. */
  readonly amy: MlsClient;
  readonly bob: MlsClient;
  /** Another one of Bob's. */
  readonly tablet: MlsClient;
  /** Owned by B, with Alice and the spare clients. */
  readonly theirs: MlsTestGroup;
  /** Clients of Alice that can be removed. */
  readonly spares: MlsClient[];
  /** A subconversation of A's, with clients of Alice, Amy and Bob. */
  readonly conference: MlsTestGroup;
  /** Who can leave the conference, one after the other. */
  readonly leavers: MlsClient[];
  /** Of B, which owns what he has with Alice. */
  readonly bert: TestUser;
  readonly told: Told;
}

/** What B has said while it was there, to be said again in its place. */
interface Told {
  readonly groupInfo: Buffer;
  readonly subconversation: unknown;
  readonly oneToOne: TestAnswer;
}

export type Row = FederatedCallRow<Rig>;

export const conferenceName = 'conference';

export async function open(): Promise<Stage<Rig>> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork({ backends: 2 }));
  const [a, b] = [network.backend(0), network.backend(1)];
  const founder = await createUser(a, { name: 'Alice', team: { name: 'Wonders' } });
  const team = String((await founder.send('/self')).get('team'));
  await openMigration(a, team);
  const alice = await MlsClient.register(a, founder, 0);
  const amy = await MlsClient.create(a, 'Amy', 0);
  const bob = await MlsClient.create(b, 'Bob', 0);
  const bert = await ownersUser(b, founder);
  for (const user of [amy.user, bob.user, bert]) await connect(founder, user);
  const tablet = await MlsClient.register(b, bob.user, 0);
  const spares = [await MlsClient.register(a, founder, 0), await MlsClient.register(a, founder, 0)];
  const theirs = await bob.createGroup();
  expectStatus(await submit(bob, theirs, alice, ...spares), 201);
  await welcomed(alice);
  const conference = await openConference({ alice, amy, bob, team });
  const told = await hearOf(alice, theirs, bert);
  const people = { alice, team, amy, bob, tablet, bert };
  const rig = { a, b, ...people, theirs, spares, conference, leavers: [amy, alice], told };
  const opened = stack.move();
  return { network, other: b, rig, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Lets conversations of the team end their migration at once. */
async function openMigration({ internalApi }: NetworkBackend, team: string): Promise<void> {
  const settings = {
    mls: {
      protocolToggleUsers: [],
      defaultProtocol: 'proteus',
      allowedCipherSuites: [1],
      defaultCipherSuite: 1,
      supportedProtocols: ['proteus', 'mls'],
    },
    mlsMigration: { finaliseRegardlessAfter: '2026-01-01T00:00:00.000Z' },
  };
  for (const [name, config] of Object.entries(settings)) {
    const body = { status: 'enabled', config };
    const url = `${internalApi}/i/teams/${team}/features/${name}`;
    expectStatus(await request(url, { method: 'PUT', body }), 200);
  }
}

type People = Pick<Rig, 'alice' | 'amy' | 'bob' | 'team'>;

async function openConference(people: People): Promise<MlsTestGroup> {
  const { alice, amy, bob } = people;
  const parent = await groupWith(people, amy, bob);
  for (const member of [amy, bob]) await welcomed(member);
  const conference = await alice.subconversation(parent, conferenceName);
  await alice.beginGroup(conference);
  expectStatus(await submit(alice, conference), 201);
  for (const member of [amy, bob]) expectStatus(await member.joinExternally(conference), 201);
  return conference;
}

async function hearOf({ user }: MlsClient, theirs: MlsTestGroup, { domain, id }: TestUser): Promise<Told> {
  const ofTheirs = (rest: string) => user.send(`${pathOf(theirs)}/${rest}`);
  return {
    groupInfo: expectStatus(await ofTheirs('groupinfo'), 200).bytes,
    subconversation: expectStatus(await ofTheirs(`subconversations/${conferenceName}`), 200).body,
    oneToOne: expectStatus(await user.send(`/v6/conversations/one2one/${domain}/${id}`), 200),
  };
}

/** What the recorder answers: it agrees to everything, and owns what is asked of it. */
export function script({ bob, told }: Rig): readonly ScriptedRpc[] {
  const nothing = () => ({});
  const taken = () => ({ tag: 'MLSMessageResponseUpdates', contents: [] });
  return [
    says(getNotFullyConnectedBackends, () => ({ non_connected_backends: [] })),
    says(getMlsClients, () => [{ id: bob.clientId, mls: true }]),
    ...[onConversationCreated, onConversationUpdated, messages.onMlsMessageSent, onClientRemoved].map((rpc) =>
      says(rpc, nothing),
    ),
    says(messages.mlsWelcome, () => 'MLSWelcomeSent'),
    says(messages.sendMlsMessage, taken),
    says(messages.sendMlsCommitBundle, taken),
    says(owner.queryGroupInfo, () => ({
      tag: 'GetGroupInfoResponseState',
      contents: told.groupInfo.toString('base64'),
    })),
    says(owner.getOneToOneConversation, () => oneToOneAnswer(told.oneToOne)),
    says(owner.getSubconversation, () => ({
      tag: 'GetSubConversationsResponseSuccess',
      contents: told.subconversation,
    })),
    says(owner.deleteSubconversation, () => ({ tag: 'DeleteSubConversationResponseSuccess' })),
    says(owner.leaveSubconversation, () => ({ tag: 'LeaveSubConversationResponseOk' })),
  ];
}

/** What the owner has answered, of which its client has told. */
function oneToOneAnswer(told: TestAnswer): unknown {
  const { qualified_id, group_id } = told.get('conversation') as {
    readonly qualified_id: Named;
    readonly group_id: string;
  };
  return {
    tag: 'GetOne2OneConversationOk',
    contents: {
      id: qualified_id.id,
      metadata: { type: 2, access: ['private'], access_role: [] },
      members: { self_role: 'wire_member', others: [] },
      protocol: { protocol: 'mls', group_id, epoch: 0 },
    },
    public_keys: told.get('public_keys'),
  };
}

/** Commits, and adds these clients whether or not they know. */
export async function submit(
  { user, device }: MlsClient,
  { groupId }: MlsTestGroup,
  ...added: readonly MlsClient[]
): Promise<TestAnswer> {
  const packages = await Promise.all(added.map((client) => client.device.makeKeyPackage()));
  const made = await device.commit(groupId, { add: packages.map(({ bytes }) => bytes) });
  const answer = await ask(user, sendMlsCommitBundle, {}, { raw: asMls(made.bundle) });
  if (answer.status === 201) made.accept();
  return answer;
}

/** Bytes as MLS clients send them. */
export function asMls(bytes: Buffer): TestRequest['raw'] {
  return { type: mlsContentType, bytes };
}

/** Makes a group of the team with Alice and other clients. */
export async function groupWith(
  { alice, team }: Pick<Rig, 'alice' | 'team'>,
  ...clients: readonly MlsClient[]
): Promise<MlsTestGroup> {
  const body = { name: 'group', protocol: 'mls', team: { teamid: team, managed: false } };
  const group = await alice.begin(expectStatus(await alice.user.send('/conversations', { body }), 201));
  if (clients.length > 0) expectStatus(await submit(alice, group, ...clients), 201);
  return group;
}

/** Alice with her team, and Bob, who is not in it. */
export type Pair = Pick<Rig, 'alice' | 'bob' | 'team'>;

/** Makes a Proteus conversation of the team with Alice, Bob and others. */
export function proteusGroup({ alice, bob, team }: Pair, ...others: readonly TestUser[]): Promise<Named> {
  return createGroup(alice.user, [bob.user, ...others], { team: { teamid: team, managed: false } });
}

/**
 * Makes a conversation that is on its way to MLS, with Alice and Bob.
 * @param clients that are in its group beside theirs, whether or not their users are members
 */
export async function mixedGroup(
  pair: Pair,
  members: readonly TestUser[],
  clients: readonly MlsClient[],
): Promise<MlsTestGroup> {
  const { user } = pair.alice;
  const conversation = await proteusGroup(pair, ...members);
  const body = { protocol: 'mixed' };
  expectStatus(await ask(user, setProtocol, place(conversation), { body }), 200);
  const group = await pair.alice.begin(expectStatus(await user.send(pathOf(conversation)), 200));
  expectStatus(await submit(pair.alice, group, pair.bob, ...clients), 201);
  return group;
}

/** What is to be found in a notification that a group has caused. */
export const idOf = ({ id }: Named): string => id;

/** B, whose user is to come in, does not answer. */
export const unreachable: WhenDown<Rig> = {
  status: 533,
  shows: ({ unreachable_backends }, { b }) => assert.deepEqual(unreachable_backends, [b.domain]),
};
