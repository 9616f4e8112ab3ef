import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { ConversationAction } from '#contract/federation/conversation-actions.ts';
import { leaveConversation, leaveErrors, updateConversation } from '#contract/federation/galley.ts';
import { actionDenied, refusalOf } from '#contract/federation/galley-errors.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { OutputOf } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import { isSameUser, type QualifiedConversation } from '../conversations/conversation.ts';
import { eventOfAction, leaveEvent } from '../conversations/conversation-event.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Events } from '../needs.ts';
import { type Actor, originOf } from '../updates/publish.ts';
import type { ApplyUpdate } from './apply-update.ts';

/** What own users ask of the owner of a conversation elsewhere (reference client-api 4.4, 4.5). */
export interface RemoteChanges {
  /** Leaves. @returns the event; undefined when the owner says that nothing has changed */
  leave(
    actor: Actor,
    conversation: QualifiedConversation,
    options: CallOptions,
  ): Promise<ConversationEvent | undefined>;
  /** Has the owner change the conversation. @returns the event; undefined when nothing has changed */
  update(
    actor: Actor,
    conversation: QualifiedConversation,
    action: ConversationAction,
    options: CallOptions,
  ): Promise<ConversationEvent | undefined>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly federation: FederationCaller;
  readonly conversations: Conversations;
  readonly events: Events;
  readonly updates: ApplyUpdate;
  readonly now: () => number;
}

export function createRemoteChanges(needs: Needs): RemoteChanges {
  return {
    leave: (actor, conversation, options) => leave(needs, actor, conversation, options),
    update: (actor, conversation, action, options) => update(needs, actor, conversation, action, options),
  };
}

async function leave(
  needs: Needs,
  actor: Actor,
  conversation: QualifiedConversation,
  options: CallOptions,
): Promise<ConversationEvent | undefined> {
  const { id: leaver } = actor.user;
  const stay = (await needs.conversations.findRemoteMembers(conversation)).get(leaver);
  const input = { conv_id: conversation.id, leaver };
  const answer = await needs.federation.call(conversation.domain, leaveConversation, input, options);
  if ('Left' in answer) {
    if (answer.Left === leaveErrors.notFound) throw refuse('no-conversation');
    if (answer.Left === leaveErrors.notAllowed) throw actionDenied('leave_conversation');
    return undefined;
  }
  const time = new Date(needs.now()).toISOString();
  const happening = { conversation, from: actor.user, time };
  await removeStay(needs, actor, conversation, stay, eventOfAction(happening, leaveAction));
  return leaveEvent(happening, { targets: [actor.user], reason: 'removed' });
}

const leaveAction = { tag: 'ConversationLeaveTag', action: {} } as const;

/**
 * Ends the stay that was asked to end, and tells own members, unless the owner's own notification has done so already.
 */
async function removeStay(
  { ownDomain, storage, conversations, events }: Needs,
  actor: Actor,
  conversation: QualifiedConversation,
  stay: string | undefined,
  event: ConversationEvent,
): Promise<void> {
  if (stay === undefined) return;
  await storage.work(async (work) => {
    const members = await conversations.findRemoteMembers(conversation, work);
    if (members.get(actor.user.id) !== stay) return;
    await conversations.removeRemoteMembers(work, conversation, [actor.user.id]);
    await events.push(work, {
      recipients: [...members.keys()].map((user) => ({ user })),
      event,
      ...originOf(actor, ownDomain),
    });
  });
}

async function update(
  needs: Needs,
  actor: Actor,
  conversation: QualifiedConversation,
  action: ConversationAction,
  options: CallOptions,
): Promise<ConversationEvent | undefined> {
  const { domain, id } = conversation;
  const input = { user: actor.user.id, conv_id: id, action };
  const answer = await needs.federation.call(domain, updateConversation, input, options);
  const contents = updateOf(answer);
  if (contents === undefined) return undefined;
  if (contents.convId !== id || !isSameUser(contents.origUserId, actor.user)) {
    throw refuse('federation-unexpected-body', {
      message: `Could parse body, but response was not expected: ${domain} answered with another change than the one asked for`,
      data: { type: 'federation', domain, path: `/federation/${updateConversation.name}` },
    });
  }
  const prepared = await needs.updates.prepare(domain, contents);
  await needs.storage.work((work) => needs.updates.apply(work, prepared, actor));
  const { time } = prepared;
  return eventOfAction({ conversation, from: actor.user, time }, prepared.action);
}

type Answer = OutputOf<typeof updateConversation>;
type UpdateContents = Extract<Answer, { tag: 'ConversationUpdateResponseUpdate' }>['contents'];

/** @throws Refusal the owner's error, as if it were ours */
function updateOf(answer: Answer): UpdateContents | undefined {
  switch (answer.tag) {
    case 'ConversationUpdateResponseUpdate':
      return answer.contents;
    case 'ConversationUpdateResponseNoChanges':
      return undefined;
    case 'ConversationUpdateResponseError':
      throw (
        refusalOf(answer.contents) ?? refuse('internal-error', { message: 'Unexpected error of the owner' })
      );
    case 'ConversationUpdateResponseNonFederatingBackends':
      throw refuse('non-federating-backends', { instead: { ...answer.contents } });
    case 'ConversationUpdateResponseUnreachableBackends':
      throw refuse('unreachable-backends', { instead: { ...answer.contents } });
  }
}
