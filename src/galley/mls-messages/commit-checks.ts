import {
  type CipherSuite,
  isGroupInfoSigned,
  isPublicMessageSigned,
  type LeafNode,
  type LeafRules,
  leafFault,
  type MlsClientIdentity,
  type PublicMessage,
  parseGroupInfo,
} from '#mls';
import type { Reader } from '#storage';
import { findGroupInfo, type GroupAddress } from '../mls/group-store.ts';
import type { Leaf } from '../mls/leaf-store.ts';
import type { CommitBundle } from './bundle.ts';
import type { CommitPlan } from './commit-plan.ts';
import { assertAddable, mustBeSuite } from './proposals.ts';
import { protocolError, type Target } from './targets.ts';

/**
 * What is signed, and by whom. Tags that members make with secrets of the group are theirs to check; the first commit of
 * a group signs a group context that nobody has told us.
 */

/** @throws Refusal `mls-protocol-error` */
export async function checkCommit(
  reader: Reader,
  target: Target,
  { commit, groupInfo }: CommitBundle,
  plan: CommitPlan,
): Promise<void> {
  const suite = mustBeSuite(groupInfo.context.suite);
  const { committer } = plan;
  const { pathLeaf } = commit.content.commit;
  const at = { suite, groupId: commit.groupId };
  if (pathLeaf !== undefined) assertLeaf(pathLeaf, committer, { ...at, source: 'commit' });
  for (const leaf of plan.updated) assertLeaf(leaf.node, leaf, { ...at, source: 'update' });
  for (const { keyPackage } of plan.added) assertAddable(keyPackage, groupInfo.context.suite);
  const before = plan.isExternal ? committer : target.group.leaves.get(committer.index);
  if (before !== undefined) await assertSigned(reader, target, commit, before.signatureKey, suite);
  if (groupInfo.signer !== committer.index)
    throw protocolError(`The group info is signed by leaf ${groupInfo.signer}, expected ${committer.index}`);
  if (committer.signatureKey.length > 0 && !isGroupInfoSigned(groupInfo, committer.signatureKey, suite))
    throw protocolError("The group info's signature is not valid");
}

function assertLeaf(
  node: LeafNode,
  leaf: Leaf,
  rules: Pick<LeafRules, 'suite' | 'groupId' | 'source'>,
): void {
  const fault = leafFault(node, { ...rules, identity: identityOfLeaf(leaf), leafIndex: leaf.index });
  if (fault !== undefined) throw protocolError(fault);
}

/**
 * Whether a message that needs the group context is signed with a key.
 * @throws Refusal `mls-protocol-error`
 */
export async function assertSigned(
  reader: Reader,
  { address, group }: Pick<Target, 'address' | 'group'>,
  message: PublicMessage,
  key: Uint8Array,
  suite: CipherSuite,
): Promise<void> {
  if (key.length === 0) return;
  const context = group.context ?? (await findContext(reader, address, message.epoch));
  if (context === undefined) return;
  if (!isPublicMessageSigned(message, context, key, suite))
    throw protocolError("The message's signature is not valid");
}

/** Undefined also when another epoch has begun meanwhile: then the message is stale, as is found later. */
async function findContext(
  reader: Reader,
  address: GroupAddress,
  epoch: bigint,
): Promise<Uint8Array | undefined> {
  const stored = await findGroupInfo(reader, address);
  const context = stored && parseGroupInfo(stored).context;
  return context?.epoch === epoch ? context.bytes : undefined;
}

/** The identity that the credential of a leaf has to have. */
function identityOfLeaf({ user, client }: Pick<Leaf, 'user' | 'client'>): MlsClientIdentity {
  return { user: user.id, domain: user.domain, client };
}
