import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import {
  identityOf,
  isPublicMessageSigned,
  type MlsMessage,
  type PrivateMessage,
  type Proposal,
  type PublicMessage,
  proposalReference,
} from '#mls';
import type { Storage, Work } from '#storage';
import { isSameUser } from '../conversations/conversation.ts';
import type { Group } from '../mls/groups.ts';
import { insertProposal } from '../mls/proposal-store.ts';
import type { MlsClientLookup } from '../needs.ts';
import type { MlsOutcome } from './commit.ts';
import { assertSigned } from './commit-checks.ts';
import type { Propagate } from './propagate.ts';
import { assertAddable, keyOfClient, mustBeSuite } from './proposals.ts';
import { type FindTarget, type MlsActor, othersThan, protocolError, type Target } from './targets.ts';

/**
 * Sends an application message or a proposal in a group owned here, to its clients on any backend (reference client-api
 * 8.4). A proposal is kept for the commit that ends the epoch.
 * @throws Refusal `no-conversation`, `mls-unsupported-message`, `mls-stale-message`, `mls-protocol-error`,
 * `mls-client-sender-user-mismatch`, `mls-invalid-leaf-node-index`, `mls-unsupported-proposal`
 */
export type SendMlsToOwn = (actor: MlsActor, message: MlsMessage, bytes: Uint8Array) => Promise<MlsOutcome>;

interface Needs {
  readonly storage: Storage;
  readonly findTarget: FindTarget;
  readonly mlsClients: MlsClientLookup;
  readonly propagate: Propagate;
  readonly ownDomain: BackendDomain;
  readonly now: () => number;
}

/** So many epochs after its own an application message may still come. */
const lateEpochs = 2n;

export function createSendMlsToOwn(needs: Needs): SendMlsToOwn {
  return (actor, message, bytes) => {
    if (message.kind === 'private-message' && message.contentType === 'application')
      return sendApplication(needs, actor, message, bytes);
    if (isProposal(message)) return sendProposal(needs, actor, message, bytes);
    throw refuse('mls-unsupported-message');
  };
}

type ProposalMessage = PublicMessage & {
  readonly content: { readonly type: 'proposal'; readonly proposal: Proposal };
};

function isProposal(message: MlsMessage): message is ProposalMessage {
  return message.kind === 'public-message' && message.content.type === 'proposal';
}

async function sendApplication(
  needs: Needs,
  actor: MlsActor,
  message: PrivateMessage,
  bytes: Uint8Array,
): Promise<MlsOutcome> {
  const { storage, findTarget, now } = needs;
  // Puts what is needed into memory, where the unit of work finds it, unless it has to read it anew.
  assertTimely(await findTarget(actor, message.groupId), message);
  return storage.work(async (work) => {
    const target = await findTarget(actor, message.groupId, { work, lock: false });
    assertTimely(target, message);
    return post(needs, work, actor, target, bytes, now());
  });
}

function assertTimely({ conversation, address, group }: Target, { epoch }: PrivateMessage): void {
  if (conversation.protocol === 'mixed' && address.subconversation === '')
    throw refuse('mls-unsupported-message');
  if (group.epoch === 0) throw protocolError('Application messages at epoch 0 are not supported');
  if (epoch + lateEpochs < BigInt(group.epoch)) throw refuse('mls-stale-message');
}

async function sendProposal(
  needs: Needs,
  actor: MlsActor,
  message: ProposalMessage,
  bytes: Uint8Array,
): Promise<MlsOutcome> {
  const { storage, findTarget, now } = needs;
  const seen = await findTarget(actor, message.groupId);
  await checkProposal(needs, actor, seen, message);
  return storage.work(async (work) => {
    const target = await findTarget(actor, message.groupId, { work, lock: true });
    const suite = assertCurrent(target.group, message);
    const reference = proposalReference(message.authenticated, suite);
    const kept = { reference, origin: 'client', message: Buffer.from(bytes) } as const;
    const at = now();
    await insertProposal(work, target.address, target.group.epoch, kept, at);
    return post(needs, work, actor, target, bytes, at);
  });
}

/** @returns the group's suite */
function assertCurrent({ epoch, begun }: Group, message: PublicMessage) {
  if (epoch === 0 || begun === undefined) throw protocolError('Bare proposals at epoch 0 are not supported');
  if (message.epoch !== BigInt(epoch)) throw refuse('mls-stale-message');
  return mustBeSuite(begun.suite);
}

async function checkProposal(
  needs: Needs,
  actor: MlsActor,
  target: Target,
  message: ProposalMessage,
): Promise<void> {
  const { sender, content } = message;
  const { proposal } = content;
  const { group } = target;
  const leaf = sender.type === 'member' ? group.leaves.get(sender.leafIndex) : undefined;
  if (sender.type === 'member') {
    if (leaf === undefined) throw protocolError('unknown sender leaf index');
    if (keyOfClient(leaf) !== keyOfClient(actor)) throw refuse('mls-client-sender-user-mismatch');
  }
  const suite = assertCurrent(group, message);
  if (proposal.type === 'add') assertAddable(proposal.keyPackage, group.begun?.suite ?? 0);
  if (proposal.type === 'remove' && !group.leaves.has(proposal.leafIndex))
    throw refuse('mls-invalid-leaf-node-index');
  if (leaf !== undefined)
    return assertSigned(needs.storage.reader, target, message, leaf.signatureKey, suite);
  if (proposal.type !== 'add' || sender.type !== 'new-member-proposal')
    throw refuse('mls-unsupported-proposal');
  if (!isPublicMessageSigned(message, new Uint8Array(), proposal.keyPackage.leaf.signatureKey, suite))
    throw protocolError("The message's signature is not valid");
  const identity = identityOf(proposal.keyPackage.leaf, suite.scheme);
  const user = identity && { domain: identity.domain, id: identity.user };
  if (user === undefined || !isSameUser(user, actor.user)) throw refuse('mls-unsupported-proposal');
  if (user.domain !== needs.ownDomain) return;
  const clients = (await needs.mlsClients.own([user.id], group.begun?.suite ?? 0)).get(user.id) ?? [];
  if (!clients.some(({ id }) => id === identity?.client)) throw refuse('mls-unsupported-proposal');
}

async function post(
  { propagate }: Needs,
  work: Work,
  actor: MlsActor,
  { conversation, address, group }: Target,
  message: Uint8Array,
  at: number,
): Promise<MlsOutcome> {
  const time = new Date(at).toISOString();
  await propagate.message(work, {
    conversation,
    subconversation: address.subconversation,
    clients: othersThan(actor, group),
    from: actor.user,
    time,
    message,
  });
  return { time, events: [], updates: [], conversation };
}
