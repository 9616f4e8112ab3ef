import { Counter, Histogram } from 'prom-client';
import { logger } from '#telemetry';
import type { QuestionType } from './message.ts';

const log = logger('discovery');

/**
 * Where a look-up's answer came from: `cache` and `negative-cache` without a query, `network` with one, `joined` from
 * the query that somebody else had in flight, `stale` from an expired answer because DNS fails.
 */
export type LookUpSource = 'cache' | 'negative-cache' | 'network' | 'joined' | 'stale';

/** How one query to one name server ended. */
export type QueryOutcome =
  | 'answered'
  | 'timeout'
  | 'unreachable'
  | 'malformed'
  | 'mismatch'
  | 'truncated'
  | 'formerr'
  | 'servfail'
  | 'refused'
  | 'referral'
  | 'other-rcode'
  | 'closed';

/** Hits are counted as plain numbers, since each RPC has one, and become metrics when somebody reads them. */
const uncollectedHits: Record<QuestionType, number> = { SRV: 0, A: 0, AAAA: 0 };

const lookUps = new Counter({
  name: 'crosswire_discovery_lookups_total',
  help: 'Look-ups by record type and where the answer came from (cache, negative-cache, network, joined, stale)',
  labelNames: ['type', 'source'],
  collect() {
    for (const type of ['SRV', 'A', 'AAAA'] as const) {
      this.inc({ type, source: 'cache' }, uncollectedHits[type]);
      uncollectedHits[type] = 0;
    }
  },
});

const queries = new Counter({
  name: 'crosswire_discovery_queries_total',
  help: 'Queries sent to name servers, by how they ended',
  labelNames: ['type', 'outcome'],
});

const querySeconds = new Histogram({
  name: 'crosswire_discovery_query_seconds',
  help: 'Time of one query to one name server, TCP fallback included',
  buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2],
});

const refusedAddresses = new Counter({
  name: 'crosswire_discovery_refused_addresses_total',
  help: 'Addresses of remote backends that the egress rules dropped, by range',
  labelNames: ['range'],
});

export function countHit(type: QuestionType): void {
  uncollectedHits[type] += 1;
}

export function countLookUp(type: QuestionType, source: Exclude<LookUpSource, 'cache'>): void {
  lookUps.inc({ type, source });
}

export function queryEnded(type: QuestionType, outcome: QueryOutcome, milliseconds: number): void {
  queries.inc({ type, outcome });
  querySeconds.observe(milliseconds / 1000);
}

/** DNS fails and an expired answer serves from now on: once per pause, so that an outage is a few lines a minute. */
export function servingStale(type: QuestionType, name: string, reason: string): void {
  log.warn({ type, name, reason }, 'DNS fails: an expired answer serves');
}

export function addressRefused(host: string, address: string, range: string): void {
  refusedAddresses.inc({ range });
  log.debug({ host, address, range }, 'egress rules refuse an address of a remote');
}
