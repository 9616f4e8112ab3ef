import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '#contract/refusal.ts';
import { type BodyLimits, hasBody } from './body.ts';

/**
 * A request's body while it comes in, no faster than it is read. The connection stays when reading ends early, so that
 * the refusal of the rest can be answered.
 *
 * @throws Refusal `unsupported-content-encoding` for any encoding, `request-timeout` when the caller keeps us waiting
 * longer than the limits allow, `bad-request` when the connection breaks.
 */
export async function* streamBody(
  raw: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): AsyncGenerator<Uint8Array, void> {
  assertPlain(raw.headers['content-encoding']);
  if (!hasBody(raw)) return;
  if (raw.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const chunks = raw.iterator({ destroyOnReturn: false });
  let received = 0;
  let waitedMs = 0;
  try {
    for (;;) {
      const allowedMs = limits.bodyGraceMs + (received / limits.minBytesPerSecond) * 1000 - waitedMs;
      const from = performance.now();
      const { done, value } = await within(chunks.next(), allowedMs, received, limits);
      waitedMs += performance.now() - from;
      if (done) return;
      const chunk = value as Buffer;
      received += chunk.length;
      yield chunk;
    }
  } finally {
    // Not awaited: after a wait that was given up it ends only with the connection.
    void chunks.return?.().catch(() => undefined);
  }
}

function assertPlain(encoding: string | undefined): void {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return;
  throw refuse('unsupported-content-encoding', {
    message: `content-encoding: found ${JSON.stringify(name.slice(0, 100))}, expected none`,
  });
}

type Next = IteratorResult<unknown, unknown>;

async function within(
  next: Promise<Next>,
  allowedMs: number,
  received: number,
  limits: BodyLimits,
): Promise<Next> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooSlow(received, limits)), Math.max(1, allowedMs));
  try {
    return await Promise.race([next.catch(brokenOff), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function brokenOff(cause: unknown): never {
  throw refuse('bad-request', { message: 'body: the connection was closed', cause });
}

function tooSlow(received: number, limits: BodyLimits) {
  return refuse('request-timeout', {
    message: `body: ${received} bytes came in, expected ${limits.minBytesPerSecond} bytes per second`,
  });
}
