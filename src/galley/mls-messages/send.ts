import { conversationTypes } from '#contract/conversations.ts';
import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { ConversationUpdate } from '#contract/federation/conversation-updates.ts';
import { type MlsResponse, sendMlsCommitBundle, sendMlsMessage } from '#contract/federation/mls-messages.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { MlsGroup } from '#contract/mls-group-id.ts';
import { groupNameOf } from '#contract/mls-groups.ts';
import { refuse, refuseAs } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import { eventOfAction } from '../conversations/conversation-event.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { ownersRefusal } from '../mls-conversations/owners-refusal.ts';
import type { ApplyUpdate } from '../remote/apply-update.ts';
import { readCommitBundle, readMlsMessage } from './bundle.ts';
import type { CommitToOwn } from './commit.ts';
import type { SendMlsToOwn } from './send-to-own.ts';
import { type MlsActor, mustBeGroupId } from './targets.ts';

/** What a client's message has caused. */
export interface MlsSent {
  /** UTC with milliseconds. */
  readonly time: string;
  readonly events: readonly ConversationEvent[];
}

/** What own clients send to their groups, whoever owns them. */
export interface SendMls {
  /**
   * An application message or a proposal.
   * @throws Refusal as `SendMlsToOwn`; `bad-request` for what is no message, `no-conversation-member` for who is not in
   * a conversation of another backend; what the owner's backend fails with
   */
  message(actor: MlsActor, bytes: Uint8Array, options: CallOptions): Promise<MlsSent>;
  /** @throws Refusal as `message` and `CommitToOwn` */
  commit(actor: MlsActor, bytes: Uint8Array, options: CallOptions): Promise<MlsSent>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly federation: FederationCaller;
  readonly conversations: Conversations;
  readonly updates: ApplyUpdate;
  readonly commitToOwn: CommitToOwn;
  readonly sendMlsToOwn: SendMlsToOwn;
  readonly isMlsEnabled: boolean;
  readonly now: () => number;
}

export function createSendMls(needs: Needs): SendMls {
  const { ownDomain, isMlsEnabled, sendMlsToOwn, commitToOwn } = needs;
  return {
    async message(actor, bytes, options) {
      if (!isMlsEnabled) throw refuse('mls-not-enabled');
      const message = readMlsMessage(bytes);
      if (message.kind !== 'private-message' && message.kind !== 'public-message')
        throw refuse('mls-unsupported-message');
      const group = mustBeGroupId(message.groupId);
      if (group.conversation.domain === ownDomain) return sendMlsToOwn(actor, message, bytes);
      await assertMember(needs, actor, group);
      return askOwner(needs, sendMlsMessage, actor, group, bytes, options);
    },
    async commit(actor, bytes, options) {
      if (!isMlsEnabled) throw refuse('mls-not-enabled');
      const bundle = readCommitBundle(bytes);
      const { groupId, epoch } = bundle.commit;
      const group = mustBeGroupId(groupId);
      if (group.conversation.domain === ownDomain) return commitToOwn(actor, bundle, options);
      // The conversation begins with this commit, and its owner looks who its users are.
      const begins = group.type === conversationTypes.oneToOne && epoch === 0n;
      if (!begins) await assertMember(needs, actor, group);
      return askOwner(needs, sendMlsCommitBundle, actor, group, bytes, options);
    },
  };
}

async function assertMember(
  { conversations }: Needs,
  { user }: MlsActor,
  { conversation }: MlsGroup,
): Promise<void> {
  const members = await conversations.findRemoteMembers(conversation);
  if (!members.has(user.id)) throw refuse('no-conversation-member');
}

async function askOwner(
  needs: Needs,
  rpc: typeof sendMlsMessage | typeof sendMlsCommitBundle,
  actor: MlsActor,
  group: MlsGroup,
  bytes: Uint8Array,
  options: CallOptions,
): Promise<MlsSent> {
  const { domain } = group.conversation;
  const answer = await needs.federation.call(
    domain,
    rpc,
    {
      conv_or_sub_id: groupNameOf(group),
      sender: actor.user.id,
      sender_client: actor.client,
      raw_message: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    },
    options,
  );
  const updates = updatesOf(answer);
  const foreign = updates.find(({ convId }) => convId !== group.conversation.id);
  if (foreign !== undefined)
    throw refuse('federation-unexpected-body', {
      message: `Could parse body, but response was not expected: ${domain} answered with changes of conversation ${foreign.convId}`,
      data: { type: 'federation', domain, path: `/federation/${rpc.name}` },
    });
  const events = await applyAll(needs, actor, domain, updates);
  return { time: new Date(needs.now()).toISOString(), events };
}

/** @throws Refusal what the owner says, as if it were ours */
function updatesOf(answer: MlsResponse): readonly ConversationUpdate[] {
  switch (answer.tag) {
    case 'MLSMessageResponseUpdates':
      return answer.contents;
    case 'MLSMessageResponseError':
      throw ownersRefusal(answer.contents);
    case 'MLSMessageResponseProtocolError':
      throw refuse('mls-protocol-error', { message: answer.contents });
    case 'MLSMessageResponseProposalFailure':
      throw refuseAs(answer.contents.status, answer.contents.value);
    case 'MLSMessageResponseUnreachableBackends':
      throw refuse('unreachable-backends', { instead: { unreachable_backends: answer.contents } });
    case 'MLSMessageResponseNonFederatingBackends':
      throw refuse('non-federating-backends', { instead: { ...answer.contents } });
  }
}

/** @returns the events, also those that concern nobody here but the sender's answer */
async function applyAll(
  { storage, updates: apply }: Needs,
  actor: MlsActor,
  domain: BackendDomain,
  updates: readonly ConversationUpdate[],
): Promise<readonly ConversationEvent[]> {
  if (updates.length === 0) return [];
  const prepared = await Promise.all(updates.map((update) => apply.prepare(domain, update)));
  await storage.work(async (work) => {
    for (const update of prepared) await apply.apply(work, update, actor);
  });
  return prepared.map(({ conversation, actor: from, time, action }) =>
    eventOfAction({ conversation, from, time }, action),
  );
}
