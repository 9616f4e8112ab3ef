import { refuse } from '#contract/refusal.ts';
import {
  type Commit,
  findCipherSuite,
  identityOf,
  type KeyPackage,
  keyPackageFault,
  type LeafNode,
  type Proposal,
  type Sender,
} from '#mls';
import type { Leaf } from '../mls/leaf-store.ts';
import type { PendingProposal } from '../mls/proposal-store.ts';
import { readMlsMessage } from './bundle.ts';
import { protocolError } from './targets.ts';

/** The proposals of a commit, found and put into the order in which they count (RFC 9420 section 12.3). */

/** A client that a commit adds. */
export interface NewClient extends Leaf {
  readonly keyPackage: KeyPackage;
}

/** A member that has proposed another leaf for itself. */
export interface UpdatedLeaf extends Leaf {
  readonly node: LeafNode;
}

export interface ProposedChanges {
  readonly updated: readonly UpdatedLeaf[];
  readonly removed: readonly Leaf[];
  readonly added: readonly NewClient[];
}

interface SentProposal {
  readonly proposal: Proposal;
  /** Leaf of who has proposed it; undefined for who is no member. */
  readonly proposer: number | undefined;
}

/**
 * Proposals by value and by reference.
 * @throws Refusal `mls-proposal-not-found`, `mls-commit-missing-references` when one that waits is not referenced
 */
export function findProposals(
  { proposals }: Commit,
  pending: readonly PendingProposal[],
  committer: number,
): readonly SentProposal[] {
  const waiting = new Map(pending.map((proposal) => [proposal.reference.toString('hex'), proposal]));
  const found: SentProposal[] = [];
  for (const named of proposals) {
    if (named.by === 'value') {
      found.push({ proposal: named.proposal, proposer: committer });
      continue;
    }
    const reference = Buffer.from(named.reference).toString('hex');
    const kept = waiting.get(reference);
    if (kept === undefined) throw refuse('mls-proposal-not-found');
    waiting.delete(reference);
    found.push(sentProposalOf(kept));
  }
  if (waiting.size > 0) throw refuse('mls-commit-missing-references');
  return found;
}

function sentProposalOf({ message: bytes }: PendingProposal): SentProposal {
  const message = readMlsMessage(bytes);
  if (message.kind !== 'public-message' || message.content.type !== 'proposal')
    throw new Error(`a ${message.kind} was kept as a proposal`);
  return { proposal: message.content.proposal, proposer: leafIndexOf(message.sender) };
}

/** The leaf of a member; undefined for who is none. */
export function leafIndexOf(sender: Sender): number | undefined {
  return sender.type === 'member' ? sender.leafIndex : undefined;
}

/**
 * What the proposals do to the leaves: updates first, then removals, then additions, each at the lowest blank leaf.
 * @throws Refusal `mls-invalid-leaf-node-index`, `mls-unsupported-proposal`, `mls-protocol-error`
 */
export function applyProposals(
  leaves: ReadonlyMap<number, Leaf>,
  proposals: readonly SentProposal[],
  suite: number,
): ProposedChanges {
  const after = new Map(leaves);
  const updated: UpdatedLeaf[] = [];
  const removed: Leaf[] = [];
  for (const { proposal, proposer } of proposals) {
    if (proposal.type !== 'update') continue;
    const leaf = proposer === undefined ? undefined : after.get(proposer);
    if (leaf === undefined) throw refuse('mls-invalid-leaf-node-index');
    const node = proposal.leaf;
    updated.push({ ...leaf, signatureKey: Buffer.from(node.signatureKey), node });
  }
  for (const { proposal } of proposals) {
    if (proposal.type !== 'remove') continue;
    const leaf = after.get(proposal.leafIndex);
    if (leaf === undefined) throw refuse('mls-invalid-leaf-node-index');
    after.delete(proposal.leafIndex);
    removed.push(leaf);
  }
  const added = addClients(after, proposals, suite);
  return { updated: updated.filter((leaf) => after.has(leaf.index)), removed, added };
}

/** @param leaves get the new ones */
function addClients(
  leaves: Map<number, Leaf>,
  proposals: readonly SentProposal[],
  suite: number,
): readonly NewClient[] {
  const additions = proposals.flatMap(({ proposal }) => (proposal.type === 'add' ? [proposal] : []));
  // Most commits add nobody, and groups are large.
  if (additions.length === 0) return [];
  const taken = new Set([...leaves.values()].map(keyOfClient));
  const added: NewClient[] = [];
  let index = 0;
  for (const { keyPackage } of additions) {
    while (leaves.has(index)) index += 1;
    const leaf = newClient(keyPackage, suite, index);
    if (taken.has(keyOfClient(leaf)))
      throw protocolError(`The client ${leaf.client} of ${leaf.user.id} is in the group already`);
    taken.add(keyOfClient(leaf));
    leaves.set(index, leaf);
    added.push(leaf);
  }
  return added;
}

function newClient(keyPackage: KeyPackage, suiteNumber: number, index: number): NewClient {
  const suite = mustBeSuite(suiteNumber);
  const identity = identityOf(keyPackage.leaf, suite.scheme);
  if (identity === undefined) throw refuse('mls-unsupported-proposal');
  return {
    index,
    user: { domain: identity.domain, id: identity.user },
    client: identity.client,
    signatureKey: Buffer.from(keyPackage.leaf.signatureKey),
    isLeaving: false,
    keyPackage,
  };
}

/** @throws Refusal `mls-protocol-error` */
export function mustBeSuite(number: number) {
  const suite = findCipherSuite(number);
  if (suite === undefined) throw protocolError(`Unsupported ciphersuite 0x${number.toString(16)}`);
  return suite;
}

/** @throws Refusal `mls-protocol-error` unless the key package can be added to a group of the suite */
export function assertAddable(keyPackage: KeyPackage, suite: number): void {
  const fault = keyPackageFault(keyPackage, { suite });
  if (fault !== undefined) throw protocolError(fault);
}

/** Names a client. */
export function keyOfClient({ user, client }: Pick<Leaf, 'user' | 'client'>): string {
  return `${user.domain}/${user.id}/${client}`;
}
