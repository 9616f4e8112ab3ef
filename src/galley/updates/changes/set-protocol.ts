import type { ProtocolName } from '#contract/conversations.ts';
import { refuse } from '#contract/refusal.ts';
import type { Change } from '../update.ts';

/** Another way to encrypt: the one in use changes nothing, and no other can be had (reference client-api 4.6). */
export function setProtocol(protocol: ProtocolName): Change {
  return {
    needs: () => ['leave_conversation'],
    async apply(_work, conversation) {
      if (conversation.protocol === protocol) return [];
      throw refuse('invalid-protocol-transition');
    },
  };
}
