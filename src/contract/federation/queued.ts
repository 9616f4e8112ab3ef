import { declaredRpcs } from '../documents.ts';
import type { QueuedRpc } from '../federation-caller.ts';
import type { Rpc } from '../rpc.ts';

/** Every RPC that the outbox delivers, whichever component serves it. */
export const queuedRpcs: readonly QueuedRpc[] = Object.values(declaredRpcs)
  .flatMap((rpcs) => Object.values(rpcs))
  .filter(isQueued);

function isQueued(rpc: Rpc): rpc is QueuedRpc {
  return rpc.delivery === 'queued';
}
