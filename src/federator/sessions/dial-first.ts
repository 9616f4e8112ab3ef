import { Refusal, refuse } from '#contract/refusal.ts';
import type { Discovery, SrvTarget } from '../faces.ts';
import { type Dialed, type DialOptions, dial } from './dial.ts';
import { type Endpoint, joinRefusals } from './failure.ts';

export interface DialFirstOptions extends DialOptions {
  readonly discovery: Pick<Discovery, 'order' | 'resolve'>;
  readonly staggerMs: number;
}

type Step =
  | { readonly kind: 'next'; readonly endpoint: Endpoint | undefined; readonly failure?: Refusal }
  | { readonly kind: 'dialed'; readonly dialed: Dialed }
  | { readonly kind: 'failed'; readonly failure: Refusal; readonly attempt: Promise<Step> }
  | { readonly kind: 'late' };

/**
 * Connects to the first of a remote's targets that answers: targets in RFC 2782 order, each with all its addresses. The
 * next address starts when one fails, or beside it when it is slow (RFC 8305); the first to be ready wins and the others
 * are given up. With all failed, one refusal names each.
 */
export async function dialFirst(targets: readonly SrvTarget[], options: DialFirstOptions): Promise<Dialed> {
  const losers = new AbortController();
  const signal = AbortSignal.any([options.signal, losers.signal]);
  const endpoints = endpointsOf(options.discovery.order(targets), options.discovery);
  const attempts = new Set<Promise<Step>>();
  const failures: Refusal[] = [];
  let pulling: Promise<Step> | undefined = pull(endpoints);
  let late: Promise<Step> | undefined;
  let exhausted = false;
  let winner: Dialed | undefined;
  try {
    while (pulling !== undefined || late !== undefined || attempts.size > 0) {
      options.signal.throwIfAborted();
      const waits = [...attempts, ...(pulling === undefined ? [] : [pulling])];
      const step: Step = await Promise.race(late === undefined ? waits : [...waits, late]);
      if (step.kind === 'dialed') {
        winner = step.dialed;
        return winner;
      }
      if (step.kind === 'failed') {
        attempts.delete(step.attempt);
        failures.push(step.failure);
        late = undefined;
      } else if (step.kind === 'late') {
        late = undefined;
      } else {
        pulling = undefined;
        if (step.failure !== undefined) failures.push(step.failure);
        if (step.endpoint === undefined) exhausted = step.failure === undefined;
        else {
          attempts.add(start(step.endpoint, { ...options, signal }));
          late = delay(options.staggerMs);
        }
      }
      if (late === undefined && pulling === undefined && !exhausted) pulling = pull(endpoints);
    }
    throw joinRefusals(failures);
  } finally {
    losers.abort();
    for (const attempt of attempts) closeLoser(attempt, winner);
  }
}

/** Two attempts may be ready in the same moment. */
function closeLoser(attempt: Promise<Step>, winner: Dialed | undefined): void {
  void attempt.then((step) => {
    if (step.kind === 'dialed' && step.dialed !== winner) step.dialed.session.close();
  });
}

function start(endpoint: Endpoint, options: DialOptions): Promise<Step> {
  const attempt: Promise<Step> = dial(endpoint, options).then(
    (dialed): Step => ({ kind: 'dialed', dialed }),
    (failure: Refusal): Step => ({ kind: 'failed', failure, attempt }),
  );
  return attempt;
}

function delay(ms: number): Promise<Step> {
  return new Promise((resolve) => {
    setTimeout(() => resolve({ kind: 'late' }), ms).unref();
  });
}

/** The next end-point; undefined without a failure at the end, with one when a target's look-up failed. */
async function pull(endpoints: AsyncGenerator<Endpoint | Refusal, void>): Promise<Step> {
  const next = await endpoints.next();
  if (next.done === true) return { kind: 'next', endpoint: undefined };
  if (next.value instanceof Refusal) return { kind: 'next', endpoint: undefined, failure: next.value };
  return { kind: 'next', endpoint: next.value };
}

async function* endpointsOf(
  targets: readonly SrvTarget[],
  discovery: Pick<Discovery, 'resolve'>,
): AsyncGenerator<Endpoint | Refusal, void> {
  for (const target of targets) {
    try {
      for (const address of await discovery.resolve(target)) yield { target, address };
    } catch (error) {
      // The next target may still be found; the refusal is told if none is.
      yield error instanceof Refusal
        ? error
        : refuse('federation-connection-refused', {
            message: `${target.host}: no address (${String(error)})`,
            cause: error,
          });
    }
  }
}
