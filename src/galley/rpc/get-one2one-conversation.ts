import type { getOneToOneConversation } from '#contract/federation/mls-conversations.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import { roleOf } from '../conversations/conversation.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { tellKeys } from '../mls/public-keys.ts';
import type { RemovalKeys } from '../mls/removal-keys.ts';
import { mlsOneToOneRole, notBegunOneToOne } from '../mls-conversations/one-to-one.ts';
import type { UserLookup } from '../needs.ts';
import { shownTo } from './get-conversations.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: ConversationLookup;
  readonly users: UserLookup;
  /** Undefined when MLS is off. */
  readonly removalKeys?: RemovalKeys;
}

/**
 * Shows the MLS one-to-one conversation of a user of the caller and an own one that accepted it (reference
 * federation-api 5.4.15). Who has left it again counts as not connected.
 */
export function serveGetOneToOneConversation({
  ownDomain,
  conversations,
  users,
  removalKeys,
}: Needs): RpcHandler<typeof getOneToOneConversation> {
  return async ({ origin }, { gooc_sender_user, gooc_receiver_user: receiver }) => {
    const sender = { domain: origin, id: gooc_sender_user };
    const accepted = await users.connectedTo(sender, [receiver]);
    if (origin === ownDomain || !accepted.has(receiver)) return { tag: 'GetOne2OneConversationNotConnected' };
    const { domain, id } = oneToOneConversation('mls', sender, { domain: ownDomain, id: receiver });
    if (domain !== ownDomain) return { tag: 'GetOne2OneConversationBackendMismatch' };
    const stored = await conversations.find(id);
    const role = stored === undefined ? mlsOneToOneRole : roleOf(stored, sender, ownDomain);
    if (role === undefined) return { tag: 'GetOne2OneConversationNotConnected' };
    const conversation = stored ?? notBegunOneToOne(ownDomain, id);
    return {
      tag: 'GetOne2OneConversationOk',
      contents: shownTo(conversation, sender, role, ownDomain),
      ...(removalKeys === undefined ? {} : { public_keys: tellKeys(removalKeys) }),
    };
  };
}
