import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { ActionOf, ConversationAction } from '#contract/federation/conversation-actions.ts';
import type { ConversationUpdate } from '#contract/federation/conversation-updates.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import type { Work } from '#storage';
import type { QualifiedConversation, QualifiedUser } from '../conversations/conversation.ts';
import { eventOfAction, eventTime } from '../conversations/conversation-event.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Events, UserLookup } from '../needs.ts';
import { type Actor, originOf } from '../updates/publish.ts';

/**
 * What an owner tells of its conversation, applied here: memberships of own users change, and own members see the
 * event (reference client-api 4.8, federation-api 5.4.20). The owner is believed about its conversation, and about own
 * users only as far as they are in it or want to be.
 */

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly users: UserLookup;
  readonly events: Events;
}

/** An update after what has to be asked before its unit of work. */
export interface PreparedUpdate {
  readonly conversation: QualifiedConversation;
  readonly actor: QualifiedUser;
  readonly time: string;
  readonly alreadyPresentUsers: readonly UserId[];
  readonly action: ConversationAction;
  /** Own users that the action would add and who let the actor do so. */
  readonly willing: ReadonlySet<UserId>;
}

export interface ApplyUpdate {
  /** Not inside a unit of work. @throws Refusal `bad-request` for a time that is on no calendar */
  prepare(owner: BackendDomain, update: ConversationUpdate): Promise<PreparedUpdate>;
  /**
   * @param asker the own user who has asked for the change, and has the event as its answer
   * @returns the event; undefined when it concerns nobody here
   */
  apply(work: Work, update: PreparedUpdate, asker?: Actor): Promise<ConversationEvent | undefined>;
}

export function createApplyUpdate(needs: Needs): ApplyUpdate {
  return {
    async prepare(owner, { time, origUserId, convId, alreadyPresentUsers, action }) {
      return {
        conversation: { domain: owner, id: convId },
        actor: origUserId,
        time: eventTime(time),
        alreadyPresentUsers,
        action,
        willing: await willingUsers(needs, origUserId, action),
      };
    },
    apply: (work, update, asker) => apply(needs, work, update, asker),
  };
}

/** Nobody is put into a conversation by somebody with whom it is not connected. */
async function willingUsers(
  { ownDomain, users }: Needs,
  actor: QualifiedUser,
  action: ConversationAction,
): Promise<ReadonlySet<UserId>> {
  if (action.tag !== 'ConversationJoinTag') return new Set();
  const own = action.action.users.filter(({ domain }) => domain === ownDomain).map(({ id }) => id);
  return listWilling({ ownDomain, users }, actor, own);
}

/** Those of the own users who accept to be added by `actor`: itself, and who is connected with it. */
export async function listWilling(
  { ownDomain, users }: Pick<Needs, 'ownDomain' | 'users'>,
  actor: QualifiedUser,
  own: readonly UserId[],
): Promise<ReadonlySet<UserId>> {
  if (own.length === 0) return new Set();
  if (actor.domain !== ownDomain) return users.connectedTo(actor, own);
  const connected = await users.connectedWith(
    actor.id,
    own.map((id) => ({ domain: ownDomain, id })),
  );
  return new Set([...connected.map(({ id }) => id), ...own.filter((id) => id === actor.id)]);
}

async function apply(
  needs: Needs,
  work: Work,
  update: PreparedUpdate,
  asker: Actor | undefined,
): Promise<ConversationEvent | undefined> {
  const members = await needs.conversations.findRemoteMembers(update.conversation, work);
  const present = update.alreadyPresentUsers.filter((id) => members.has(id));
  const change = await changeMembers(needs, work, update, members);
  if (change === undefined) return undefined;
  const recipients = [...new Set([...present, ...change.added])];
  if (recipients.length === 0) return undefined;
  const { conversation, actor, time } = update;
  const event = eventOfAction({ conversation, from: actor, time }, change.action);
  await needs.events.push(work, {
    recipients: recipients.map((user) => ({ user })),
    event,
    ...(asker === undefined ? {} : originOf(asker, needs.ownDomain)),
  });
  return event;
}

interface MemberChange {
  /** The action as far as it concerns this backend. */
  readonly action: ConversationAction;
  readonly added: readonly UserId[];
}

/** Undefined: nothing has happened that anybody here should see. */
async function changeMembers(
  needs: Needs,
  work: Work,
  update: PreparedUpdate,
  members: ReadonlyMap<UserId, string>,
): Promise<MemberChange | undefined> {
  const { action, conversation, actor } = update;
  const { conversations, ownDomain } = needs;
  const remove = (ids: readonly UserId[]) => {
    const gone = ids.filter((id) => members.has(id));
    return gone.length === 0 ? undefined : conversations.removeRemoteMembers(work, conversation, gone);
  };
  switch (action.tag) {
    case 'ConversationJoinTag':
      return addMembers(needs, work, update, action, members);
    case 'ConversationLeaveTag':
      // Who has left by a request from here was taken out, and everybody told, when that was answered.
      if (actor.domain === ownDomain && !members.has(actor.id)) return undefined;
      if (actor.domain === ownDomain) await remove([actor.id]);
      break;
    case 'ConversationRemoveMembersTag':
      await remove(action.action.targets.filter(({ domain }) => domain === ownDomain).map(({ id }) => id));
      break;
    case 'ConversationDeleteTag':
      await remove([...members.keys()]);
      break;
    default:
  }
  return { action, added: [] };
}

async function addMembers(
  { ownDomain, conversations }: Needs,
  work: Work,
  { conversation, willing }: PreparedUpdate,
  { action }: ActionOf<'ConversationJoinTag'>,
  members: ReadonlyMap<UserId, string>,
): Promise<MemberChange | undefined> {
  const users = action.users.filter(({ domain, id }) => domain !== ownDomain || willing.has(id));
  if (users.length === 0) return undefined;
  const added = users.filter(({ domain }) => domain === ownDomain).map(({ id }) => id);
  const newcomers = added.filter((id) => !members.has(id));
  if (newcomers.length > 0) await conversations.addRemoteMembers(work, conversation, newcomers);
  return { action: { tag: 'ConversationJoinTag', action: { users, role: action.role } }, added };
}
