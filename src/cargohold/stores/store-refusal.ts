import { type Refusal, refuse } from '#contract/refusal.ts';
import { storeFailed } from '../telemetry.ts';

/** What a store could not do, as it is told to clients; the operator reads the cause in the log. */
export function storeRefusal(cause: unknown, isFull: boolean): Refusal {
  const label = isFull ? 'storage-full' : 'storage-unavailable';
  storeFailed(label, cause);
  return refuse(label, { cause });
}
