import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { CallOptions } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage, Work } from '#storage';
import {
  isSameUser,
  type OwnConversation,
  type QualifiedUser,
  withoutMembers,
} from '../conversations/conversation.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Groups } from '../mls/groups.ts';
import type { Leaf } from '../mls/leaf-store.ts';
import { listProposals } from '../mls/proposal-store.ts';
import type { RemovalKeys } from '../mls/removal-keys.ts';
import { mayTalk, mlsOneToOneRole } from '../mls-conversations/one-to-one.ts';
import type { MlsClientLookup } from '../needs.ts';
import { type AddNeeds, addMembers } from '../updates/changes/add-members.ts';
import { removeMembers } from '../updates/changes/remove-members.ts';
import type { Publish, Published } from '../updates/publish.ts';
import { admit, type Change } from '../updates/update.ts';
import type { CommitBundle } from './bundle.ts';
import { checkCommit } from './commit-checks.ts';
import {
  assertAllClients,
  beginsOneToOne,
  type CommitMembers,
  membersOfCommit,
  newMembers,
  pairOfCommit,
} from './commit-members.ts';
import { type CommitPlan, planCommit } from './commit-plan.ts';
import type { Propagate } from './propagate.ts';
import { keyOfClient } from './proposals.ts';
import { clientsOf, type ProposeRemovals, planRemovals } from './removal-proposals.ts';
import { type FindTarget, type MlsActor, othersThan, type Target } from './targets.ts';

/** What has come of a message or commit. */
export interface MlsOutcome {
  /** UTC with milliseconds. */
  readonly time: string;
  /** Of members who came and went by it. */
  readonly events: readonly ConversationEvent[];
  /** The same, as other backends are told. */
  readonly updates: readonly Published['update'][];
  /** As it was before. */
  readonly conversation: OwnConversation;
}

/**
 * Ends an epoch of a group owned here: of all commits for one epoch one is taken, and the others are stale (reference
 * client-api 8.5). What others have to be asked comes before the unit of work; inside, the conversation is locked and
 * everything is looked at again that a commit, or anything else, can have changed meanwhile.
 * @throws Refusal `no-conversation`, `mls-stale-message`, `mls-protocol-error`, the others of reference client-api 8.9,
 * and those of adding and removing members
 */
export type CommitToOwn = (
  actor: MlsActor,
  bundle: CommitBundle,
  options: CallOptions,
) => Promise<MlsOutcome>;

interface Needs extends AddNeeds {
  readonly storage: Storage;
  readonly conversations: Conversations;
  readonly groups: Groups;
  readonly mlsClients: MlsClientLookup;
  readonly findTarget: FindTarget;
  readonly propagate: Propagate;
  readonly proposeRemovals: ProposeRemovals;
  readonly publish: Publish;
  readonly removalKeys?: RemovalKeys;
  readonly now: () => number;
}

export function createCommitToOwn(needs: Needs): CommitToOwn {
  const { storage, findTarget, now } = needs;
  return async (actor, bundle, options) => {
    const { groupId } = bundle.commit;
    const seen = await findTarget(actor, groupId);
    const pending = await listProposals(storage.reader, seen.address, seen.group.epoch, now());
    const plan = planCommit(actor, seen, bundle, pending);
    await checkCommit(storage.reader, seen, bundle, plan);
    const asked = await askOthers(needs, actor, seen, plan, bundle.groupInfo.context.suite, options);
    return storage.work(async (work) => {
      const target = await findTarget(actor, groupId, { work, lock: true });
      const waiting = await listProposals(work.reader, target.address, target.group.epoch, now());
      const current = planCommit(actor, target, bundle, waiting);
      assertAsked(needs.ownDomain, target, membersOfCommit(actor, target, current), asked);
      return take(needs, work, actor, target, bundle, current);
    });
  };
}

/**
 * Everything that cannot be asked inside a unit of work.
 * @returns who may become a member
 */
async function askOthers(
  needs: Needs,
  actor: MlsActor,
  target: Target,
  plan: CommitPlan,
  suite: number,
  options: CallOptions,
): Promise<readonly QualifiedUser[]> {
  assertInParent(await needs.groups.find(target.conversation), actor, target, plan);
  const members = membersOfCommit(actor, target, plan);
  await assertAllClients(needs, members.added, plan, suite, options);
  if (beginsOneToOne(target)) {
    await assertPair(needs, actor, target, members);
    return members.added;
  }
  for (const change of changesOf(needs, target, members)) {
    const role = admit(target.conversation, actor, change, needs.ownDomain);
    await change.prepare?.(target.conversation, actor, role);
  }
  return newMembers(needs.ownDomain, target, members);
}

/** Who was a member when others were asked, and has left since, is not brought back unasked. */
function assertAsked(
  ownDomain: BackendDomain,
  target: Target,
  members: CommitMembers,
  asked: readonly QualifiedUser[],
): void {
  const isAsked = (user: QualifiedUser) => asked.some((each) => isSameUser(each, user));
  if (!newMembers(ownDomain, target, members).every(isAsked)) throw refuse('mls-stale-message');
}

/** Who joins a subconversation by itself has to be in the group of its conversation. */
function assertInParent(
  groups: ReadonlyMap<string, { readonly leaves: ReadonlyMap<number, Leaf> }>,
  actor: MlsActor,
  { address }: Target,
  { isExternal }: CommitPlan,
): void {
  if (!isExternal || address.subconversation === '') return;
  const parent = [...(groups.get('')?.leaves.values() ?? [])];
  if (!parent.some((leaf) => keyOfClient(leaf) === keyOfClient(actor)))
    throw refuse('mls-subconv-join-parent-missing');
}

async function assertPair(
  needs: Needs,
  actor: MlsActor,
  target: Target,
  members: CommitMembers,
): Promise<void> {
  const pair = pairOfCommit(needs.ownDomain, actor, target, members);
  const [one, other] = pair[0].domain === needs.ownDomain ? pair : ([pair[1], pair[0]] as const);
  if (!(await mayTalk(needs, one, other))) throw refuse('not-connected');
}

/** Members go before others come. */
function changesOf(needs: Needs, target: Target, members: CommitMembers): readonly Change[] {
  const { conversations, ownDomain } = needs;
  const joining = newMembers(ownDomain, target, members);
  const changes: Change[] = [];
  if (members.removed.length > 0) changes.push(removeMembers(conversations, ownDomain, members.removed));
  if (joining.length > 0) changes.push(addMembers(needs, joining, mlsOneToOneRole));
  return changes.map((change) => ({ ...change, notInMls: false }));
}

async function take(
  needs: Needs,
  work: Work,
  actor: MlsActor,
  target: Target,
  bundle: CommitBundle,
  plan: CommitPlan,
): Promise<MlsOutcome> {
  const { groups, propagate, now } = needs;
  const at = now();
  const time = new Date(at).toISOString();
  assertInParent(await groups.find(target.conversation, work), actor, target, plan);
  const members = membersOfCommit(actor, target, plan);
  const { published, sentAway } = beginsOneToOne(target)
    ? await beginOneToOne(needs, work, actor, target, members, time)
    : await changeMembers(needs, work, actor, target, members, at);
  await nextEpoch(needs, work, target, bundle, plan, at);
  const clients = othersThan(actor, target.group);
  const { conversation, address } = target;
  const sent = { conversation, from: actor.user, time };
  const { subconversation } = address;
  await propagate.message(work, { ...sent, subconversation, clients, message: bundle.commitBytes });
  if (bundle.welcomeBytes !== undefined)
    await propagate.welcome(work, { ...sent, clients: plan.added, message: bundle.welcomeBytes });
  if (plan.isExternal) await proposeAgain(needs, work, actor, target, at);
  for (const user of sentAway) {
    const left = withoutMembers(conversation, [user], needs.ownDomain);
    const removal = { conversation: left, groups: 'all', ...clientsOf(user), time: at } as const;
    await needs.proposeRemovals(work, removal);
  }
  // Additions are told before removals.
  const told = [...published].reverse();
  return {
    time,
    events: told.map(({ event }) => event),
    updates: told.map(({ update }) => update),
    conversation,
  };
}

/** The conversation begins, with both its users. */
async function beginOneToOne(
  { ownDomain, conversations, publish }: Needs,
  work: Work,
  actor: MlsActor,
  target: Target,
  members: CommitMembers,
  time: string,
): Promise<ChangedMembers> {
  const users = pairOfCommit(ownDomain, actor, target, members);
  const { conversation } = target;
  const isNew = await conversations.add(work, { ...conversation, createdAt: Date.parse(time) });
  if (!isNew) throw refuse('mls-stale-message');
  const added = users.map((user) => ({ user, role: mlsOneToOneRole }));
  await conversations.addMembers(work, conversation.id, added);
  const action = { users: [...users], role: mlsOneToOneRole };
  const outcome = { action: { tag: 'ConversationJoinTag', action }, added } as const;
  return { published: [await publish(work, conversation, actor, outcome, time)], sentAway: [] };
}

interface ChangedMembers {
  readonly published: readonly Published[];
  /** Who had to go for others to come: their clients are still in the group. */
  readonly sentAway: readonly QualifiedUser[];
}

async function changeMembers(
  needs: Needs,
  work: Work,
  actor: MlsActor,
  target: Target,
  members: CommitMembers,
  at: number,
): Promise<ChangedMembers> {
  const { ownDomain, publish, proposeRemovals } = needs;
  const time = new Date(at).toISOString();
  const published: Published[] = [];
  const gone: QualifiedUser[] = [];
  let { conversation } = target;
  for (const user of members.removed)
    await proposeRemovals(work, {
      conversation,
      groups: 'subconversations',
      ...clientsOf(user),
      time: at,
    });
  for (const change of changesOf(needs, target, members)) {
    const role = admit(conversation, actor, change, ownDomain);
    for (const outcome of await change.apply(work, conversation, actor, role)) {
      published.push(await publish(work, conversation, actor, outcome, time));
      conversation = withoutMembers(conversation, outcome.removed ?? [], ownDomain);
      gone.push(...(outcome.removed ?? []));
    }
  }
  const isRemoved = (user: QualifiedUser) => members.removed.some((each) => isSameUser(each, user));
  return { published, sentAway: gone.filter((user) => !isRemoved(user)) };
}

async function nextEpoch(
  { groups }: Needs,
  work: Work,
  { conversation, address, group }: Target,
  { groupInfo }: CommitBundle,
  plan: CommitPlan,
  at: number,
): Promise<void> {
  const { context } = groupInfo;
  const set = [...plan.updated, plan.committer, ...plan.added];
  const taken = new Set(set.map(({ index }) => index));
  await groups.commit(work, conversation, address.subconversation, {
    state: { groupId: group.groupId, epoch: group.epoch + 1, begun: { at, suite: context.suite } },
    groupInfo,
    blanked: plan.removed.map(({ index }) => index).filter((index) => !taken.has(index)),
    set,
  });
}

/**
 * What the backend had proposed before somebody joined by itself counts for the epoch that is over; what clients had
 * proposed, they propose again if they still want it.
 */
async function proposeAgain(
  { groups, propagate, removalKeys }: Needs,
  work: Work,
  { user: from }: MlsActor,
  { address, conversation }: Target,
  time: number,
): Promise<void> {
  const group = (await groups.find(conversation, work)).get(address.subconversation);
  if (group === undefined || removalKeys === undefined) return;
  const leaves = [...group.leaves.values()];
  const leaving = leaves.filter(({ isLeaving }) => isLeaving);
  const { subconversation } = address;
  const place = { conversation, name: subconversation, group };
  const messages = await planRemovals({ groups, removalKeys }, work, place, leaving, time);
  const clients = leaves.filter(({ isLeaving }) => !isLeaving);
  for (const message of messages)
    await propagate.message(work, {
      conversation,
      subconversation,
      clients,
      from,
      time: new Date(time).toISOString(),
      message,
    });
}
