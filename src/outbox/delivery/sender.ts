import type { BundledResult } from '#contract/federation/outbox.ts';
import type { FederationDeliverer } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { Taken } from '../lanes/lane-window.ts';
import { observeBundle } from '../telemetry.ts';
import { type Packed, type RpcLookup, writeBundle } from './bundle-writer.ts';
import { judge, judgeRemoteError, type Verdict } from './verdict.ts';

/** What became of the rows of one lane that were sent. */
export interface LaneOutcome {
  readonly taken: Taken;
  /** The first rows: `undefined` for delivered ones, else why they are dead. */
  readonly done: readonly (Extract<Verdict, { kind: 'dead' }> | undefined)[];
  /** Why the row after those was not delivered; undefined when it was not tried or there is none. */
  readonly failure?: Exclude<Verdict, { kind: 'dead' }>;
  /** Keep the lane out of bundles until a row of it gets through. */
  readonly alone?: boolean;
  /** Nothing was sent: the remote has come back as one that takes no bundles. */
  readonly noBundles?: boolean;
}

/** Sends rows to one remote. Never rejects: what fails is an outcome. */
export class Sender {
  readonly #domain: BackendDomain;
  readonly #federation: FederationDeliverer;
  readonly #lookup: RpcLookup;

  constructor(domain: BackendDomain, federation: FederationDeliverer, lookup: RpcLookup) {
    this.#domain = domain;
    this.#federation = federation;
    this.#lookup = lookup;
  }

  /** Sends the first row of a lane as a request of its own. */
  async sendOne(taken: Taken, signal: AbortSignal): Promise<LaneOutcome> {
    const [row] = taken.rows;
    const rpc = row && this.#lookup(row);
    if (row === undefined) return { taken, done: [] };
    if (rpc === undefined) {
      const message = `this version does not know the RPC ${row.component}/${row.rpc}`;
      return { taken, done: [], failure: { kind: 'lane', label: 'internal-error', message } };
    }
    try {
      const { deliveryId, requestId } = row;
      const options = { deliveryId, requestId, signal };
      await this.#federation.deliver(this.#domain, rpc, JSON.parse(row.input) as never, options);
      return { taken, done: [undefined] };
    } catch (error) {
      const verdict = judge(error);
      return verdict.kind === 'dead' ? { taken, done: [verdict] } : { taken, done: [], failure: verdict };
    }
  }

  /** Sends rows of many lanes in one request. */
  async sendBundle(taken: readonly Taken[], signal: AbortSignal): Promise<readonly LaneOutcome[]> {
    let packed: readonly Packed[] = [];
    const write = (version: number) => {
      const written = writeBundle(taken, version, this.#lookup);
      packed = written.packed;
      observeBundle('sent', written.bundle.notifications.length);
      return written.bundle;
    };
    try {
      const results = await this.#federation.deliverBundle(this.#domain, write, { signal });
      if (results === undefined) return taken.map((lane) => ({ taken: lane, done: [], noBundles: true }));
      const sent = packed.reduce((sum, { count }) => sum + count, 0);
      if (results.length === sent) return outcomesOf(packed, results);
      const message = `the remote answered ${results.length} results to ${sent} notifications`;
      return refusedWhole(taken, { kind: 'lane', label: 'federation-unexpected-body', message });
    } catch (error) {
      return refusedWhole(taken, judge(error));
    }
  }
}

/** A remote that refuses a bundle as such may take its notifications one by one, all but the one at fault. */
function refusedWhole(taken: readonly Taken[], verdict: Verdict): readonly LaneOutcome[] {
  if (verdict.kind === 'remote') return taken.map((lane) => ({ taken: lane, done: [], failure: verdict }));
  return taken.map((lane) => ({ taken: lane, done: [], alone: true }));
}

function outcomesOf(packed: readonly Packed[], results: readonly BundledResult[]): readonly LaneOutcome[] {
  let at = 0;
  return packed.map(({ taken, count }) => {
    const own = results.slice(at, at + count);
    at += count;
    return outcomeOf(taken, count, own);
  });
}

function outcomeOf(taken: Taken, count: number, results: readonly BundledResult[]): LaneOutcome {
  const done: (Extract<Verdict, { kind: 'dead' }> | undefined)[] = [];
  for (const result of results) {
    if (result.outcome === 'done') {
      done.push(undefined);
      continue;
    }
    if (result.outcome === 'skipped') return { taken, done };
    if (result.outcome === 'pending') {
      const message = 'the remote had not handled it when its answer was due';
      return { taken, done, alone: true, failure: { kind: 'lane', label: 'request-timeout', message } };
    }
    const verdict = judgeRemoteError(result);
    if (verdict.kind !== 'dead') return { taken, done, alone: true, failure: verdict };
    done.push(verdict);
  }
  const left = count < taken.rows.length && done.length === count;
  // A row that did not fit the remote's version says so when it is sent by itself.
  return left ? { taken, done, alone: true } : { taken, done };
}
