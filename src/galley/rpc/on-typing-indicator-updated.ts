import type { onTypingIndicatorUpdated } from '#contract/federation/galley.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Typing } from '../typing/typing.ts';

/** Somebody types in a conversation of the caller; only users who are in it see that (reference 5.4.11). */
export function serveOnTypingIndicatorUpdated({
  typing,
}: {
  readonly typing: Typing;
}): RpcHandler<typeof onTypingIndicatorUpdated> {
  return async ({ origin }, update) => {
    await typing.relay(origin, update);
    return {};
  };
}
