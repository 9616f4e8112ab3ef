import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait after a failure, in milliseconds: doubled each time, up to the longest. */
const retryMs = 500;
const longestRetryMs = 30_000;

/** Does something until it succeeds or is called off. Whatever goes wrong is told and tried again. */
export async function untilDone(
  attempt: () => Promise<void>,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let count = 0; !signal.aborted; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      const pauseMs = Math.min(longestRetryMs, retryMs * 2 ** Math.min(count, 10));
      await Promise.allSettled([delay(pauseMs, undefined, { signal, ref: false })]);
    }
  }
}
