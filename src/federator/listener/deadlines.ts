import type { Exchange } from './exchange.ts';
import type { HttpLimits } from './limits.ts';

/**
 * Looks at every open exchange at a fixed beat, instead of a timer for each: time counts against a caller only while we
 * waited for it, so that a slow remote behind us is never held against it.
 */
export function watchDeadlines(exchange: Exchange, beatMs: number, limits: HttpLimits): void {
  const { progress, incoming, outgoing } = exchange;
  if (!incoming.readableEnded && incoming.readableLength === 0) {
    progress.waitedMs += beatMs;
    const allowedMs = limits.bodyGraceMs + (progress.received / limits.minBodyBytesPerSecond) * 1000;
    if (progress.waitedMs > allowedMs) {
      const seen = `${progress.received} bytes in ${Math.round(progress.waitedMs)} ms of waiting`;
      exchange.expire(`The body came too slowly: ${seen}, expected ${limits.minBodyBytesPerSecond} a second`);
      return;
    }
  }
  const written = exchange.written();
  if (outgoing.writableLength > 0 && written === progress.seenWritten) {
    progress.stalledMs += beatMs;
    if (progress.stalledMs > limits.stalledAnswerMs) exchange.abort();
  } else {
    progress.stalledMs = 0;
  }
  progress.seenWritten = written;
}
