/**
 * The wait after the nth failure in a row (from 1): doubled each time, up to the longest, and shortened by up to half so
 * that what failed together does not come back together. `random` is in [0, 1).
 */
export function retryDelayMs(
  failures: number,
  random: number,
  { retryMs, longestRetryMs }: { readonly retryMs: number; readonly longestRetryMs: number },
): number {
  const full = Math.min(longestRetryMs, retryMs * 2 ** Math.min(failures - 1, 30));
  return Math.ceil(full * (1 - random / 2));
}
