import type { Answer } from 'dns-packet';
import { foldName, type Message, printable, type QuestionType } from './message.ts';
import type { QueryOutcome } from './telemetry.ts';

/** RFC 2181 8 and RFC 8767 4: longer TTLs are believed for seven days. */
const maxTtlSeconds = 604_800;
/** RFC 2308 5 suggests one to three hours as the most for "there is none". */
const maxNegativeTtlSeconds = 10_800;
/** CNAMEs followed for one look-up. */
const maxAliases = 8;

const queryableName = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/** The names a look-up went through so far, the one asked for first, and the smallest TTL on the way. */
export interface Chain {
  readonly names: readonly string[];
  readonly ttlSeconds: number;
}

/**
 * What one message means for a look-up:
 * - `records`: the answer, with the smallest TTL of the whole chain;
 * - `absent`: the name or the type does not exist; TTL 0 when no SOA says for how long;
 * - `ask`: CNAMEs lead out of this message; the last name of the chain is the next question;
 * - `failed`: this server cannot help, another may;
 * - `broken`: what DNS says makes no sense (loop, chain too long), whoever is asked.
 */
export type Step =
  | { readonly step: 'records'; readonly records: readonly Answer[]; readonly ttlSeconds: number }
  | { readonly step: 'absent'; readonly why: 'NXDOMAIN' | 'NODATA'; readonly ttlSeconds: number }
  | { readonly step: 'ask'; readonly chain: Chain }
  | { readonly step: 'failed'; readonly outcome: QueryOutcome; readonly reason: string }
  | { readonly step: 'broken'; readonly reason: string };

export function startChain(name: string): Chain {
  return { names: [name], ttlSeconds: maxTtlSeconds };
}

export function endOf(chain: Chain): string {
  return chain.names.at(-1) ?? '';
}

/** Whether a name can be asked for: letters, digits, hyphens and underscores in labels of at most 63. */
export function isQueryable(name: string): boolean {
  return queryableName.test(name);
}

/** RFC 2181 8: a TTL with its top bit set is 0. */
export function readTtl(ttl: number | undefined): number {
  return ttl === undefined || ttl > 0x7fff_ffff ? 0 : ttl;
}

/** Follows a chain through one message. Only records of the chain's names count; the additional section never does. */
export function follow(message: Message, chain: Chain, type: QuestionType): Step {
  const failure = failureOf(message.rcode);
  if (failure !== undefined) return failure;
  let at = chain;
  for (;;) {
    const owned = message.answers.filter((record) => isOwned(record, endOf(at)));
    const records = owned.filter((record) => record.type === type);
    if (records.length > 0 && message.rcode === 0)
      return { step: 'records', records, ttlSeconds: Math.min(at.ttlSeconds, ...records.map(ttlOf)) };
    const alias = owned.find((record) => record.type === 'CNAME');
    if (alias?.type !== 'CNAME') break;
    const longer = extend(at, foldName(alias.data), readTtl(alias.ttl));
    if (typeof longer === 'string') return { step: 'broken', reason: longer };
    at = longer;
  }
  return withoutRecords(message, chain, at);
}

function withoutRecords(message: Message, before: Chain, after: Chain): Step {
  const name = endOf(after);
  const soa = message.authorities.find((record) => record.type === 'SOA' && isWithin(name, record.name));
  const ttlSeconds = Math.min(after.ttlSeconds, negativeTtl(soa));
  if (message.rcode === 3) return { step: 'absent', why: 'NXDOMAIN', ttlSeconds };
  if (soa !== undefined) return { step: 'absent', why: 'NODATA', ttlSeconds };
  if (after !== before) return { step: 'ask', chain: after };
  // RFC 2308 2.2.1: name servers without an SOA are a referral, nothing at all is NODATA.
  if (message.authorities.some((record) => record.type === 'NS'))
    return {
      step: 'failed',
      outcome: 'referral',
      reason: 'it refers to other name servers and does not recurse',
    };
  return { step: 'absent', why: 'NODATA', ttlSeconds };
}

/** RFC 2308 5: the smaller of the SOA's own TTL and its minimum; without an SOA nothing is remembered. */
function negativeTtl(soa: Answer | undefined): number {
  if (soa?.type !== 'SOA') return 0;
  return Math.min(readTtl(soa.ttl), readTtl(soa.data.minimum ?? 0), maxNegativeTtlSeconds);
}

function extend(chain: Chain, target: string, ttl: number): Chain | string {
  const path = [...chain.names, target];
  if (!isQueryable(target)) return `CNAME to ${printable(target)}, which is not a host name`;
  if (chain.names.includes(target)) return `CNAME loop: ${path.join(' -> ')}`;
  if (chain.names.length > maxAliases) return `more than ${maxAliases} CNAMEs: ${path.join(' -> ')}`;
  return { names: path, ttlSeconds: Math.min(chain.ttlSeconds, ttl) };
}

function failureOf(rcode: number): Step | undefined {
  switch (rcode) {
    case 0:
    case 3:
      return undefined;
    case 1:
    case 4:
    case 16:
      return {
        step: 'failed',
        outcome: 'formerr',
        reason: `it does not understand the query (code ${rcode})`,
      };
    case 2:
      return { step: 'failed', outcome: 'servfail', reason: 'SERVFAIL' };
    case 5:
      return { step: 'failed', outcome: 'refused', reason: 'REFUSED' };
    default:
      return { step: 'failed', outcome: 'other-rcode', reason: `response code ${rcode}` };
  }
}

function isOwned(record: Answer, owner: string): boolean {
  return record.type !== 'OPT' && record.class === 'IN' && foldName(record.name) === owner;
}

function ttlOf(record: Answer): number {
  return record.type === 'OPT' ? 0 : readTtl(record.ttl);
}

function isWithin(name: string, zone: string): boolean {
  const apex = foldName(zone);
  return apex === '.' || name === apex || name.endsWith(`.${apex}`);
}
