import { setTimeout as delay } from 'node:timers/promises';
import { onUserDeletedConnections, sendConnectionAction } from '#contract/federation/brig.ts';
import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { Refusal } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import { settlementFailed } from '../telemetry.ts';
import { type Intent, listIntents, removeIntent } from './intent-store.ts';
import type { Outbox } from './needs.ts';
import type { RemoteConnections } from './remote-connections.ts';

/**
 * Makes both sides of connections agree after a call of which nobody knows whether the other side took it in: after a
 * crash in the middle of it, a lost answer, or for a deleted user whose request is still open over there.
 *
 * Each backend that something is to be told has one worker, which goes through its intents one by one and waits longer
 * and longer while it cannot be reached. A worker ends when it has nothing left.
 */
export interface Settlement extends AsyncDisposable {
  /** Takes up what an earlier process has left. */
  start(): Promise<void>;
  add(intent: Intent): void;
}

export interface SettlementNeeds {
  readonly storage: Storage;
  readonly federation: FederationCaller;
  readonly outbox: Outbox;
  readonly connections: () => Pick<RemoteConnections, 'resume'>;
  readonly pauses?: Pauses;
}

/** How long a worker waits, in milliseconds. */
export interface Pauses {
  /** Before the first attempt, so that a caller who tries again at once comes first. */
  readonly first: number;
  /** Between attempts: doubled each time, up to the longest. */
  readonly retry: number;
  readonly longest: number;
}

const usualPauses: Pauses = { first: 1000, retry: 500, longest: 4000 };

/** Answers that are errors, after which an intent is given up: the other backend is there and does not want it. */
const maxAnswers = 5;

const pageSize = 500;

export function createSettlement(needs: SettlementNeeds): Settlement {
  const { storage, federation, outbox, pauses = usualPauses } = needs;
  const closing = new AbortController();
  const waiting = new Map<BackendDomain, Intent[]>();
  const workers = new Set<Promise<void>>();

  function pause(ms: number): Promise<unknown> {
    return Promise.allSettled([delay(ms, undefined, { signal: closing.signal, ref: false })]);
  }

  async function settle(intent: Intent): Promise<void> {
    if (intent.action !== 'farewell') return await needs.connections().resume(intent, closing.signal);
    const { user, other } = intent;
    const input = { from: user, from_team: null, to: other.id, action: 'RemoteRescind' as const };
    const { signal } = closing;
    await federation.call(other.domain, sendConnectionAction, input, { signal });
    await leave(intent);
  }

  /** Ends an intent without an answer that says yes; a deletion is told all the same. */
  async function leave(intent: Intent): Promise<void> {
    await storage.work(async (work) => {
      await removeIntent(work, intent);
      if (intent.action !== 'farewell') return;
      const { user, other } = intent;
      const input = { user, connections: [other.id] };
      await outbox.tell(work, [other.domain], onUserDeletedConnections, `pair:${user}:${other.id}`, input);
    });
  }

  async function settleUntilDone(intent: Intent): Promise<void> {
    let answers = 0;
    for (let attempt = 0; !closing.signal.aborted; attempt += 1) {
      try {
        return await settle(intent);
      } catch (error) {
        if (closing.signal.aborted) return;
        settlementFailed(intent, error);
        if (isAnswer(error)) answers += 1;
        if (answers >= maxAnswers) return await leave(intent);
        await pause(Math.min(pauses.longest, pauses.retry * 2 ** Math.min(attempt, 10)));
      }
    }
  }

  async function workThrough(domain: BackendDomain, intents: Intent[]): Promise<void> {
    await pause(pauses.first);
    for (let next = intents.shift(); next !== undefined; next = intents.shift()) {
      if (closing.signal.aborted) return;
      // What the database refuses is left there for the next start.
      await settleUntilDone(next).catch((error) => settlementFailed(next, error));
    }
    waiting.delete(domain);
  }

  function add(intent: Intent): void {
    if (closing.signal.aborted) return;
    const { domain } = intent.other;
    const present = waiting.get(domain);
    if (present !== undefined) {
      present.push(intent);
      return;
    }
    const intents = [intent];
    waiting.set(domain, intents);
    const worker = workThrough(domain, intents).finally(() => workers.delete(worker));
    workers.add(worker);
  }

  return {
    add,

    async start() {
      let after = '';
      for (;;) {
        const left = await listIntents(storage.reader, after, pageSize);
        for (const intent of left) add(intent);
        if (left.length < pageSize) return;
        after = left.at(-1)?.id ?? after;
      }
    },

    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all(workers);
    },
  };
}

/** The other backend was reached and has answered with an error. */
function isAnswer(error: unknown): boolean {
  return error instanceof Refusal && error.details.inner !== undefined;
}
