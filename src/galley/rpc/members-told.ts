import type { ConversationId, UserId } from '#contract/ids.ts';
import type { RpcContext } from '#contract/rpc.ts';
import type { Work } from '#storage';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';

/** What an owner tells of a conversation of its. */
interface Told {
  readonly context: Pick<RpcContext, 'origin'>;
  readonly input: { readonly conversation: ConversationId };
}

/** The conversation that is told of: of the caller, whatever the body says. */
export function conversationOf({ context, input }: Told): QualifiedConversation {
  return { domain: context.origin, id: input.conversation };
}

/** Puts the members of the conversations where a unit of work finds them without reading. */
export async function preloadMembers(
  conversations: ConversationLookup,
  calls: readonly Told[],
): Promise<void> {
  const told = new Map(calls.map((call) => [call.input.conversation, conversationOf(call)]));
  for (const conversation of told.values()) await conversations.preloadRemoteMembers(conversation);
}

/** Looks the members of each conversation up once, for a unit of work that does not change them. */
export function membersOnce(
  conversations: ConversationLookup,
  work: Work,
): (conversation: QualifiedConversation) => Promise<ReadonlyMap<UserId, string>> {
  const known = new Map<ConversationId, Promise<ReadonlyMap<UserId, string>>>();
  return (conversation) => {
    const found = known.get(conversation.id) ?? conversations.findRemoteMembers(conversation, work);
    known.set(conversation.id, found);
    return found;
  };
}
