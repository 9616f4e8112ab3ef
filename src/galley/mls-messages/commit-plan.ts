import { refuse } from '#contract/refusal.ts';
import { type LeafNode, leavesOf, type Proposal } from '#mls';
import { isSameUser } from '../conversations/conversation.ts';
import type { Group } from '../mls/groups.ts';
import type { Leaf } from '../mls/leaf-store.ts';
import type { PendingProposal } from '../mls/proposal-store.ts';
import type { CommitBundle } from './bundle.ts';
import {
  applyProposals,
  findProposals,
  keyOfClient,
  mustBeSuite,
  type NewClient,
  type UpdatedLeaf,
} from './proposals.ts';
import { type MlsActor, protocolError, type Target } from './targets.ts';

/**
 * What a commit means for a group, by what is known of the group alone (reference client-api 8.5, steps 2 to 5). It is
 * worked out twice: before others are asked, and again when nothing can change any more.
 */
export interface CommitPlan {
  readonly isExternal: boolean;
  /** The committer's leaf as it will be. */
  readonly committer: Leaf;
  /** Leaves of others that will have another key. */
  readonly updated: readonly UpdatedLeaf[];
  readonly removed: readonly Leaf[];
  readonly added: readonly NewClient[];
}

/**
 * @param pending what has been proposed in this epoch
 * @throws Refusal `mls-stale-message`, `mls-protocol-error`, `mls-client-sender-user-mismatch`,
 * `mls-proposal-not-found`, `mls-commit-missing-references`, `mls-invalid-leaf-node-index`,
 * `mls-unsupported-proposal`, `mls-self-removal-not-allowed`
 */
export function planCommit(
  actor: MlsActor,
  { group }: Target,
  bundle: CommitBundle,
  pending: readonly PendingProposal[],
): CommitPlan {
  assertSuiteAndEpoch(group, bundle);
  const { sender } = bundle.commit;
  switch (sender.type) {
    case 'member':
      return planMemberCommit(actor, group, bundle, pending, sender.leafIndex);
    case 'new-member-commit':
      return planExternalCommit(actor, group, bundle);
    default:
      throw protocolError(`Unexpected sender: found ${sender.type}, expected a member or a new member`);
  }
}

function assertSuiteAndEpoch({ begun, epoch }: Group, { commit, groupInfo }: CommitBundle): void {
  mustBeSuite(groupInfo.context.suite);
  if (begun !== undefined && begun.suite !== groupInfo.context.suite)
    throw protocolError('GroupInfo ciphersuite does not match conversation');
  if (commit.epoch !== BigInt(epoch)) throw refuse('mls-stale-message');
  const { context } = groupInfo;
  if (context.epoch !== commit.epoch + 1n || !Buffer.from(commit.groupId).equals(context.groupId))
    throw protocolError('The group info is not of the epoch that the commit begins');
}

function planMemberCommit(
  actor: MlsActor,
  group: Group,
  { commit, groupInfo }: CommitBundle,
  pending: readonly PendingProposal[],
  leafIndex: number,
): CommitPlan {
  const { pathLeaf } = commit.content.commit;
  const present =
    group.epoch === 0 ? firstLeaf(actor, { commit, groupInfo }) : memberLeaf(actor, group, leafIndex);
  const leaves = group.epoch === 0 ? new Map([[present.index, present]]) : group.leaves;
  const proposals = findProposals(commit.content.commit, pending, present.index);
  const changes = applyProposals(leaves, proposals, groupInfo.context.suite);
  if (changes.removed.some(({ index }) => index === present.index))
    throw refuse('mls-self-removal-not-allowed');
  if (changes.updated.some(({ index }) => index === present.index))
    throw protocolError('A commit has no update of the committer itself');
  return { isExternal: false, committer: withKeyOf(present, pathLeaf), ...changes };
}

function withKeyOf(leaf: Leaf, node: LeafNode | undefined): Leaf {
  return node === undefined ? leaf : { ...leaf, signatureKey: Buffer.from(node.signatureKey) };
}

/** In a group that nobody has committed to the committer is alone, whatever index it names. */
function firstLeaf(
  { user, client }: MlsActor,
  { commit, groupInfo }: Pick<CommitBundle, 'commit' | 'groupInfo'>,
): Leaf {
  const { pathLeaf } = commit.content.commit;
  const known = pathLeaf ?? leavesOf(groupInfo)?.get(0);
  return { index: 0, user, client, signatureKey: Buffer.from(known?.signatureKey ?? []), isLeaving: false };
}

function memberLeaf(actor: MlsActor, { leaves }: Group, leafIndex: number): Leaf {
  const leaf = leaves.get(leafIndex);
  if (leaf === undefined) throw protocolError('unknown sender leaf index');
  if (keyOfClient(leaf) !== keyOfClient(actor)) throw refuse('mls-client-sender-user-mismatch');
  return leaf;
}

function planExternalCommit(actor: MlsActor, group: Group, { commit }: CommitBundle): CommitPlan {
  const { proposals: named, pathLeaf } = commit.content.commit;
  if (group.epoch === 0) throw protocolError('The first commit in a group cannot be external');
  const proposals = named.map((each) => {
    if (each.by === 'value') return each.proposal;
    throw protocolError('External commits name no proposals by reference');
  });
  const removed = proposals.filter(isRemove).map(({ leafIndex }) => leafToReplace(actor, group, leafIndex));
  assertExternalProposals(proposals);
  if (pathLeaf === undefined) throw protocolError('External commits need an update path');
  const gone = new Set(removed.map(({ index }) => index));
  const others = [...group.leaves.values()].filter(({ index }) => !gone.has(index));
  if (others.some((leaf) => keyOfClient(leaf) === keyOfClient(actor)))
    throw protocolError('The client is in the group already: its old leaf has to be removed');
  const taken = new Set(others.map(({ index }) => index));
  let index = 0;
  while (taken.has(index)) index += 1;
  const { user, client } = actor;
  const committer = {
    index,
    user,
    client,
    signatureKey: Buffer.from(pathLeaf.signatureKey),
    isLeaving: false,
  };
  return { isExternal: true, committer, updated: [], removed, added: [] };
}

type Remove = Extract<Proposal, { readonly type: 'remove' }>;

function isRemove(proposal: Proposal): proposal is Remove {
  return proposal.type === 'remove';
}

/** Who joins anew may only take its own old leaf away. */
function leafToReplace({ user, client }: MlsActor, { leaves }: Group, leafIndex: number): Leaf {
  const leaf = leaves.get(leafIndex);
  if (leaf === undefined) throw refuse('mls-invalid-leaf-node-index');
  if (!isSameUser(leaf.user, user) || leaf.client !== client)
    throw protocolError('External commits remove no other client than the joining one');
  return leaf;
}

function assertExternalProposals(proposals: readonly Proposal[]): void {
  const count = (type: Proposal['type']) => proposals.filter((proposal) => proposal.type === type).length;
  if (count('external-init') !== 1)
    throw protocolError(`External commits have one ExternalInit, found ${count('external-init')}`);
  if (count('remove') > 1) throw protocolError('External commits have at most one Remove');
  const other = proposals.find(({ type }) => !['external-init', 'remove', 'psk'].includes(type));
  if (other !== undefined) throw protocolError(`External commits have no proposal of type ${other.type}`);
}
