import { conversationTypes } from '#contract/conversations.ts';
import { getOneToOneConversation } from '#contract/federation/mls-conversations.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ConversationId } from '#contract/ids.ts';
import type { MlsPublicKeysByPurpose } from '#contract/mls-public-keys.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import { isSameUser, type OwnConversation, type QualifiedUser } from '../conversations/conversation.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { type ConversationView, ownView } from '../conversations/view.ts';
import { firstVersion, newMlsGroup } from '../creation/new-conversation.ts';
import { defaultSettings } from '../members/member-settings.ts';
import { findMemberSettings } from '../members/member-store.ts';
import { findRemoteSettings } from '../members/remote-membership-store.ts';
import { tellKeys } from '../mls/public-keys.ts';
import type { RemovalKeys } from '../mls/removal-keys.ts';
import type { UserLookup } from '../needs.ts';
import { remoteView } from '../reading/remote-view.ts';

/** MLS one-to-one conversations: shown from the beginning, stored with their first commit (reference client-api 4.2). */

/** What both users are in an MLS one-to-one conversation. */
export const mlsOneToOneRole = 'wire_member';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly federation: FederationCaller;
  readonly conversations: ConversationLookup;
  readonly users: UserLookup;
  /** Undefined when MLS is off. */
  readonly removalKeys?: RemovalKeys;
}

/** A one-to-one conversation with what a client needs to begin its group. */
export interface MlsOneToOne {
  readonly conversation: ConversationView;
  /** Removal keys of the owner; undefined when it does not tell them. */
  readonly publicKeys: MlsPublicKeysByPurpose | undefined;
}

/**
 * The MLS one-to-one conversation of an own user and another.
 * @throws Refusal `mls-not-enabled`, `not-connected`; a federated failure as it is
 */
export type GetMlsOneToOne = (
  user: QualifiedUser,
  other: QualifiedUser,
  options: CallOptions,
) => Promise<MlsOneToOne>;

export function createGetMlsOneToOne(needs: Needs): GetMlsOneToOne {
  const { ownDomain, removalKeys } = needs;
  return async (user, other, options) => {
    if (removalKeys === undefined) throw refuse('mls-not-enabled');
    if (!(await mayTalk(needs, user, other))) throw refuse('not-connected');
    const { domain, id } = oneToOneConversation('mls', user, other);
    if (domain !== ownDomain) return askOwner(needs, user, other, options);
    return { conversation: await getOwn(needs, user, id), publicKeys: tellKeys(removalKeys) };
  };
}

/** Whether an own user and another may have a one-to-one conversation: connected, or team mates. */
export async function mayTalk(
  { ownDomain, users }: Pick<Needs, 'ownDomain' | 'users'>,
  user: QualifiedUser,
  other: QualifiedUser,
): Promise<boolean> {
  if (isSameUser(user, other)) return false;
  if ((await users.connectedWith(user.id, [other])).length > 0) return true;
  if (other.domain !== ownDomain) return false;
  const accounts = await users.listOwn([user.id, other.id]);
  const [team] = accounts.map((account) => account.team);
  return accounts.length === 2 && team !== null && accounts.every((account) => account.team === team);
}

async function getOwn(
  { ownDomain, reader, conversations }: Needs,
  user: QualifiedUser,
  id: ConversationId,
): Promise<ConversationView> {
  const stored = await conversations.find(id);
  if (stored === undefined)
    return ownView(notBegunOneToOne(ownDomain, id), ownDomain, { user, role: mlsOneToOneRole });
  const role = stored.ownMembers.get(user.id);
  if (role === undefined) throw refuse('access-denied');
  return ownView(stored, ownDomain, { user, role }, await findMemberSettings(reader, id, user));
}

async function askOwner(
  { reader, federation }: Needs,
  user: QualifiedUser,
  other: QualifiedUser,
  options: CallOptions,
): Promise<MlsOneToOne> {
  const { domain } = other;
  const question = { gooc_sender_user: user.id, gooc_receiver_user: other.id };
  const answer = await federation.call(domain, getOneToOneConversation, question, options);
  switch (answer.tag) {
    case 'GetOne2OneConversationOk': {
      const conversation = { domain, id: answer.contents.id };
      const settings = await findRemoteSettings(reader, conversation, user.id);
      return {
        conversation: remoteView(conversation, answer.contents, user, settings ?? defaultSettings),
        publicKeys: answer.public_keys,
      };
    }
    case 'GetOne2OneConversationNotConnected':
      throw refuse('not-connected');
    case 'GetOne2OneConversationBackendMismatch':
      throw refuse('federation-unexpected-body', {
        message: `Could parse body, but response was not expected: ${domain} says that the conversation is ours`,
        data: { type: 'federation', domain, path: `/federation/${getOneToOneConversation.name}` },
      });
  }
}

/** A one-to-one conversation that nobody has committed to; it has no members and is not stored. */
export function notBegunOneToOne(ownDomain: BackendDomain, id: ConversationId): OwnConversation {
  return {
    id,
    version: firstVersion,
    type: conversationTypes.oneToOne,
    creator: null,
    access: ['private'],
    accessRoles: [],
    name: null,
    team: null,
    messageTimer: null,
    receiptMode: null,
    protocol: 'mls',
    group: newMlsGroup(conversationTypes.oneToOne, { domain: ownDomain, id }),
    createdAt: 0,
    ownMembers: new Map(),
    remoteMembers: new Map(),
  };
}
