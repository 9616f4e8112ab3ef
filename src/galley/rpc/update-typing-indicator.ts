import type { updateTypingIndicator } from '#contract/federation/galley.ts';
import { Refusal } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Typing } from '../typing/typing.ts';

/** A user of the caller types in a conversation of ours (reference federation-api 5.4.10). */
export function serveUpdateTypingIndicator({
  typing,
}: {
  readonly typing: Typing;
}): RpcHandler<typeof updateTypingIndicator> {
  return async ({ origin }, { typing_status, user_id, conv_id }) => {
    const actor = { user: { domain: origin, id: user_id }, answered: true };
    try {
      const contents = await typing.typeInOwn(actor, conv_id, typing_status);
      return { tag: 'TypingDataUpdateSuccess', contents };
    } catch (error) {
      if (error instanceof Refusal && error.key === 'no-conversation')
        return { tag: 'TypingDataUpdateError', contents: { tag: 'ConvNotFound' } };
      throw error;
    }
  };
}
