import type { RecordType } from 'dns-packet';
import { fold } from './zone.ts';

export type Transport = 'udp' | 'tcp';

/** One question that reached the server. */
export interface Query {
  readonly name: string;
  readonly type: RecordType;
  readonly transport: Transport;
  readonly id: number;
  /** The asker's address and port, `127.0.0.1:40000`. */
  readonly from: string;
  /** Largest datagram the asker takes (RFC 6891); 512 without EDNS. */
  readonly maxDatagram: number;
}

/** Which queries a script is for; what is left out matches everything. */
export interface QueryMatch {
  readonly name?: string;
  readonly type?: RecordType;
  readonly transport?: Transport;
}

/** The behaviours that need nothing but their name; `Behaviour` says what each does. */
export type PlainBehaviour =
  | 'zone'
  | 'nxdomain'
  | 'nodata'
  | 'nxdomain-without-soa'
  | 'nodata-without-soa'
  | 'servfail'
  | 'refused'
  | 'formerr'
  | 'referral'
  | 'drop'
  | 'close'
  | 'truncate'
  | 'malformed'
  | 'wrong-name'
  | 'wrong-type'
  | 'wrong-id'
  | 'query-bit'
  | 'spoof-first'
  | 'guess-ids';

/**
 * How the server treats a query:
 * - `zone`: answers from its records;
 * - `nxdomain`, `nodata`: says so, with the SOA; `…-without-soa`: without;
 * - `servfail`, `refused`, `formerr`: that response code;
 * - `referral`: points at other name servers and answers nothing, as a server without recursion does;
 * - `drop`: no answer; over TCP the connection stays open and silent;
 * - `close`: no answer and, over TCP, the connection is reset;
 * - `truncate`: over UDP an empty answer with the TC bit; over TCP the normal answer;
 * - `malformed`: the right header and question, then bytes that are no records;
 * - `wrong-name`, `wrong-type`, `wrong-id`, `query-bit`: a good answer except for that one thing;
 * - `spoof-first`: packets with another name and another id, then the good answer;
 * - `guess-ids`: over UDP many answers with other ids and no good one; over TCP the normal answer;
 * - `hold`: the normal answer once that promise has resolved;
 * - `bytes`: exactly these bytes (over TCP with their length before them).
 */
export type Behaviour =
  | PlainBehaviour
  | { readonly hold: Promise<void> }
  | { readonly bytes: (query: Query) => Buffer };

interface Script {
  readonly match: QueryMatch;
  readonly behaviours: readonly Behaviour[];
  matched: number;
}

/** Scripted behaviour and the log of queries of one server. */
export class Scripts {
  readonly queries: Query[] = [];
  #scripts: Script[] = [];
  readonly #waiting = new Set<() => void>();

  /** The n-th matching query gets the n-th behaviour, all later ones the last. The newest script wins. */
  add(match: QueryMatch, behaviours: readonly Behaviour[]): void {
    this.#scripts.unshift({ match, behaviours, matched: 0 });
  }

  clear(): void {
    this.#scripts = [];
  }

  /** Logs a query and says how to treat it. */
  next(query: Query): Behaviour {
    this.queries.push(query);
    for (const wake of this.#waiting) wake();
    const script = this.#scripts.find((candidate) => matches(candidate.match, query));
    if (script === undefined) return 'zone';
    const behaviour = script.behaviours[Math.min(script.matched, script.behaviours.length - 1)];
    script.matched += 1;
    return behaviour ?? 'zone';
  }

  count(match: QueryMatch): number {
    return this.queries.filter((query) => matches(match, query)).length;
  }

  async arrived(match: QueryMatch, count: number): Promise<void> {
    while (this.count(match) < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }
}

function matches(match: QueryMatch, query: Query): boolean {
  return (
    (match.name === undefined || fold(match.name) === fold(query.name)) &&
    (match.type === undefined || match.type === query.type) &&
    (match.transport === undefined || match.transport === query.transport)
  );
}
