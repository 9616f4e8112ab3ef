import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { BackendDomain, ClientId, ConversationId, UserId } from '#contract/ids.ts';
import { openStorage } from '#storage';
import { createUser, logInAsClient, type NetworkBackend, type TestNetwork } from '#testkit';
import { putGroup } from '../../src/galley/mls/group-store.ts';
import { putLeaves } from '../../src/galley/mls/leaf-store.ts';
import { type Conversation, type CrowdMember, enlist, enroll, makeCrowd, settle } from '../fan-out/crowd.ts';
import type { Watcher } from '../fan-out/watching.ts';
import { addClient, mustBe } from '../message/chat.ts';
import { type PlayedGroup, playGroup } from './played-group.ts';

/** A group on so many backends, one of which owns it. */
export interface GroupSize {
  readonly backends: number;
  /** With a client each. */
  readonly members: number;
}

/** The same members twice: in an MLS group, and in a Proteus conversation. */
export interface StagedGroup extends GroupSize {
  readonly group: PlayedGroup;
  readonly proteus: Conversation;
  /** All members but the sender. */
  readonly others: readonly CrowdMember[];
  /** One on each remote; on the owner when there are no remotes. */
  readonly watchers: readonly Watcher[];
}

export interface Stage {
  readonly sender: Watcher;
  readonly groups: readonly StagedGroup[];
  /** The owner's processes. */
  readonly ownerPids: readonly number[];
  readonly remotePids: readonly number[];
}

/** Few real accounts, and crowds that are written into the databases while nobody has them open. */
export async function setStage(network: TestNetwork, sizes: readonly GroupSize[]): Promise<Stage> {
  const [owner, ...remotes] = network.backends;
  if (owner === undefined) throw new Error('no backends');
  const sender = await enter(owner, 'Sender');
  const watchers = await Promise.all(network.backends.map((backend) => enter(backend, 'Watcher')));
  const planned: Planned[] = [];
  for (const size of sizes) planned.push(await plan(sender, watchers, network.backends, size));
  for (const backend of network.backends) await network.kill(backend);
  for (const each of planned) await fill(network.backends, each);
  const pids = new Map<NetworkBackend, number>();
  for (const backend of network.backends) pids.set(backend, (await network.start(backend)).pid);
  const pidsOf = (backends: readonly NetworkBackend[]) => backends.map((backend) => pids.get(backend) ?? 0);
  return { sender, groups: planned, ownerPids: pidsOf([owner]), remotePids: pidsOf(remotes) };
}

async function enter(backend: NetworkBackend, name: string): Promise<Watcher> {
  const user = await createUser(backend, { name });
  const client = await addClient(user);
  return { user: await logInAsClient(backend, user, client), client, backend };
}

interface Planned extends StagedGroup {
  readonly conversation: Conversation;
  readonly sender: CrowdMember;
  /** Those who are in the databases only. */
  readonly crowd: readonly CrowdMember[];
}

const memberOf = ({ user, client }: Watcher): CrowdMember => ({
  domain: user.domain,
  user: user.id,
  clients: [client],
});

async function plan(
  sender: Watcher,
  present: readonly Watcher[],
  all: readonly NetworkBackend[],
  { backends, members }: GroupSize,
): Promise<Planned> {
  const watchers = backends === 1 ? present.slice(0, 1) : present.slice(1, backends);
  const missing = members - 1 - watchers.length;
  const used = all.slice(0, backends);
  const crowd = used.flatMap((backend, index) =>
    makeCrowd(backend, Math.floor((missing + index) / backends), 1),
  );
  const others = [...watchers.map(memberOf), ...crowd];
  const mls = mustBe(201, await sender.user.send('/conversations', { body: { protocol: 'mls' } }));
  const made = mustBe(201, await sender.user.send('/conversations', { body: { name: 'crowd' } }));
  const groupId = Buffer.from(String(mls.get('group_id')), 'base64');
  const first = memberOf(sender);
  const group = playGroup(groupId, [first, ...others].map(identityOf));
  const conversation = mls.get('qualified_id') as Conversation;
  const proteus = made.get('qualified_id') as Conversation;
  return { backends, members, watchers, sender: first, crowd, others, group, conversation, proteus };
}

function identityOf({ domain, user, clients: [client = ''] }: CrowdMember) {
  return { user: user as UserId, client: client as ClientId, domain: domain as BackendDomain };
}

/** Writes the members of both conversations, and the leaves of the group. */
async function fill(all: readonly NetworkBackend[], planned: Planned): Promise<void> {
  const { backends, conversation, proteus, others, crowd } = planned;
  const [owner, ...remotes] = all.slice(0, backends);
  if (owner === undefined) throw new Error('no backends');
  const on =
    ({ domain }: NetworkBackend) =>
    (member: CrowdMember) =>
      member.domain === domain;
  for (const each of [conversation, proteus]) await enlist(owner, others, each);
  await enroll(owner, crowd.filter(on(owner)));
  for (const remote of remotes) {
    await enroll(remote, crowd.filter(on(remote)));
    for (const each of [conversation, proteus]) await settle(remote, others.filter(on(remote)), each);
  }
  await begin(owner, planned);
}

async function begin(
  { data }: NetworkBackend,
  { conversation, group, others, sender }: Planned,
): Promise<void> {
  const address = { conversation: conversation.id as ConversationId, subconversation: '' };
  const { groupId, epoch } = group;
  const leaves = [sender, ...others].map((member, index) => {
    const { user: id, domain, client } = identityOf(member);
    const signatureKey = index === 0 ? group.signatureKey : randomBytes(32);
    return { index, user: { domain, id }, client, signatureKey, isLeaving: false };
  });
  await using storage = await openStorage({ url: `sqlite:${join(data, 'crosswire.db')}` });
  await storage.work(async (work) => {
    const state = { groupId, epoch: Number(epoch), begun: { at: Date.now(), suite: 1 } };
    await putGroup(work, address, state, group.groupInfo());
    await putLeaves(work, address, leaves);
  });
}
