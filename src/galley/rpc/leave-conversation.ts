import { type leaveConversation, leaveErrors } from '#contract/federation/galley.ts';
import { Refusal } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { leave } from '../updates/changes/remove-members.ts';
import type { Update } from '../updates/update.ts';

interface Needs {
  readonly conversations: Conversations;
  readonly update: Update;
}

/**
 * Lets a user of the caller leave (reference federation-api 5.4.3). The leaver's backend is told like any other, so
 * that it learns of it even when this answer is lost.
 */
export function serveLeaveConversation({
  conversations,
  update,
}: Needs): RpcHandler<typeof leaveConversation> {
  return async ({ origin }, { conv_id, leaver }) => {
    const actor = { user: { domain: origin, id: leaver } };
    try {
      await update(actor, conv_id, leave(conversations));
      return { Right: [] };
    } catch (error) {
      if (error instanceof Refusal && error.key === 'no-conversation') return { Left: leaveErrors.notFound };
      if (error instanceof Refusal && (error.key === 'action-denied' || error.key === 'invalid-op'))
        return { Left: leaveErrors.notAllowed };
      throw error;
    }
  };
}
