import type { ConversationId } from '#contract/ids.ts';
import type { RpcContext } from '#contract/rpc.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';

/** What an owner tells of a conversation of its. */
interface Told {
  readonly context: Pick<RpcContext, 'origin'>;
  readonly input: { readonly conversation: ConversationId };
}

/**
 * Puts the members of the conversations into memory, where a unit of work finds them, unless it has to read them anew.
 */
export async function findAllMembers(
  conversations: Pick<ConversationLookup, 'findRemoteMembers'>,
  calls: readonly Told[],
): Promise<void> {
  const told = new Map(calls.map(({ context, input }) => [input.conversation, context.origin]));
  for (const [id, domain] of told) await conversations.findRemoteMembers({ domain, id });
}
