import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import type { Answer } from 'dns-packet';
import type { BackendDomain } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { Discovery, SocketAddress, SrvTarget } from '../faces.ts';
import { awaitFamilies, type FamilyOutcome, interleave } from './address-families.ts';
import { AnswerCache, type Inspected, type Loaded } from './answer-cache.ts';
import { isQueryable } from './chain.ts';
import { createEgressRules, type EgressOptions, type EgressRules } from './egress.ts';
import { configuredNameServers, SystemNameServers } from './name-servers.ts';
import { readServiceRecords, serviceName } from './service-records.ts';
import { DnsFailure, type LookUp, StubResolver } from './stub-resolver.ts';
import { orderTargets } from './target-order.ts';
import { addressRefused } from './telemetry.ts';

/** Everything has a default; the names and units are those of `federation.dns` and `federation.egress`. */
export interface DiscoveryOptions {
  /** Name servers as IP addresses with an optional port (`127.0.0.1:5353`, `[::1]:53`). Default: the machine's. */
  readonly servers?: readonly string[];
  /** Where the machine's servers stand when `servers` is absent. Default `/etc/resolv.conf`. */
  readonly resolvConf?: string;
  /** Milliseconds for one look-up, with every server, repetition and CNAME. Default 2000. */
  readonly timeoutMs?: number;
  /** Seconds an expired answer may serve while DNS fails (RFC 8767); 0 for never. Default 86400. */
  readonly staleSeconds?: number;
  /** Answers kept per record type. Default 10000. */
  readonly maxEntries?: number;
  readonly egress?: EgressOptions;
  /** A clock in milliseconds that never goes back; TTLs run by it. Default `performance.now`. */
  readonly now?: () => number;
  /** A uniform integer in `[0, bound)`: query ids and weighted choice. Default `crypto.randomInt`. */
  readonly random?: (bound: number) => number;
}

/** What there is to know of a backend domain's way to us: for `doctor`. */
export interface Inspection {
  /** The owner name that was asked for. */
  readonly name: string;
  /** The name servers in use, `127.0.0.1:53`. */
  readonly servers: readonly string[];
  /** Absent when `refusal` says why there is no answer. */
  readonly answer?: {
    readonly source: 'cache' | 'network' | 'stale';
    /** The server that gave it. */
    readonly server: string;
    /** Seconds that the answer still holds; 0 for one that must not be kept and for a stale one. */
    readonly ttlSeconds: number;
    /** SRV entries that cannot be used, each with its reason. */
    readonly skipped: readonly string[];
  };
  readonly targets: readonly TargetInspection[];
  readonly refusal?: Refusal;
}

export interface TargetInspection {
  readonly target: SrvTarget;
  readonly addresses: readonly SocketAddress[];
  /** Why there are no addresses. */
  readonly refusal?: Refusal;
}

/** Discovery with what only this implementation has. */
export interface DnsDiscovery extends Discovery {
  /** The targets of a fresh cached answer at once, without a promise; undefined when `find` has to be asked. */
  peek(domain: BackendDomain): readonly SrvTarget[] | undefined;
  /** Looks a domain up as `find` and `resolve` do, through the same caches, and tells all of it. It does not throw. */
  inspect(domain: BackendDomain): Promise<Inspection>;
}

/** Addresses kept per family of one target. */
const maxAddresses = 16;

/** @throws Error naming the configuration key when a server, range or number makes no sense. */
export function openDiscovery(options: DiscoveryOptions = {}): DnsDiscovery {
  return new CachedDiscovery(options);
}

class CachedDiscovery implements DnsDiscovery {
  readonly #resolver: StubResolver;
  readonly #srv: AnswerCache<readonly SrvTarget[]>;
  readonly #ipv6: AnswerCache<readonly SocketAddress[]>;
  readonly #ipv4: AnswerCache<readonly SocketAddress[]>;
  readonly #egress: EgressRules;
  readonly #random: (bound: number) => number;

  constructor(options: DiscoveryOptions) {
    const timeoutMs = atLeast('timeoutMs', options.timeoutMs ?? 2000, 1);
    const limits = {
      now: options.now ?? (() => performance.now()),
      staleSeconds: atLeast('staleSeconds', options.staleSeconds ?? 86_400, 0),
      maxEntries: atLeast('maxEntries', options.maxEntries ?? 10_000, 1),
    };
    const servers =
      options.servers === undefined
        ? new SystemNameServers(options.resolvConf)
        : configuredNameServers(options.servers);
    this.#random = options.random ?? randomInt;
    this.#egress = createEgressRules(options.egress);
    this.#resolver = new StubResolver({ servers, timeoutMs, random: this.#random });
    this.#srv = new AnswerCache({ ...limits, type: 'SRV', load: (key) => this.#loadTargets(key) });
    this.#ipv6 = new AnswerCache({ ...limits, type: 'AAAA', load: (key) => this.#loadAddresses(key, 6) });
    this.#ipv4 = new AnswerCache({ ...limits, type: 'A', load: (key) => this.#loadAddresses(key, 4) });
  }

  find(domain: BackendDomain): Promise<readonly SrvTarget[]> {
    return this.#srv.find(domain);
  }

  peek(domain: BackendDomain): readonly SrvTarget[] | undefined {
    return this.#srv.peek(domain);
  }

  async resolve(target: SrvTarget): Promise<readonly SocketAddress[]> {
    const [ipv6, ipv4] = await awaitFamilies(
      this.#permitted(this.#ipv6.find(target.host), target),
      this.#permitted(this.#ipv4.find(target.host), target),
    );
    const addresses = interleave(ipv6.addresses, ipv4.addresses);
    if (addresses.length > 0) return addresses;
    const reasons = [...ipv6.reasons, ...ipv4.reasons].join('; ');
    throw refuse('federation-connection-refused', {
      message: `no address of ${target.host}:${target.port} can be connected to: ${reasons}`,
    });
  }

  order(targets: readonly SrvTarget[]): readonly SrvTarget[] {
    return orderTargets(targets, this.#random);
  }

  async inspect(domain: BackendDomain): Promise<Inspection> {
    const name = serviceName(domain);
    const servers = (await this.#resolver.servers()).map(({ label }) => label);
    const found = await refusalOr(this.#srv.inspect(domain));
    if (found instanceof Refusal) return { name, servers, targets: [], refusal: found };
    const targets = await Promise.all(found.value.map((target) => this.#inspectTarget(target)));
    return { name, servers, answer: describe(found), targets };
  }

  /** Queries in flight end at once and their callers are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resolver[Symbol.asyncDispose]();
    for (const cache of [this.#srv, this.#ipv6, this.#ipv4]) await cache[Symbol.asyncDispose]();
  }

  async #inspectTarget(target: SrvTarget): Promise<TargetInspection> {
    const addresses = await refusalOr(this.resolve(target));
    return addresses instanceof Refusal
      ? { target, addresses: [], refusal: addresses }
      : { target, addresses };
  }

  async #loadTargets(domain: string): Promise<Loaded<readonly SrvTarget[]>> {
    const name = serviceName(domain as BackendDomain);
    if (!isQueryable(name)) return noService(`${name}: longer than a name in DNS can be`, 0);
    const answer = await this.#lookUp(name, 'SRV', (reason, cause) =>
      refuse('discovery-failure', { message: `DNS error: ${name}: ${reason}`, cause }),
    );
    const { ttlSeconds, server } = answer;
    if (answer.found === 'absent') {
      const why = answer.why === 'NODATA' ? 'the answer has no SRV record, NODATA' : 'NXDOMAIN';
      return noService(`${name}: ${why} from ${server}`, ttlSeconds);
    }
    const { isNotOffered, targets, skipped } = readServiceRecords(answer.records);
    if (isNotOffered)
      return noService(
        `${name}: the only target is ".", the service is not offered, says ${server}`,
        ttlSeconds,
      );
    if (targets.length > 0) return { found: 'value', value: targets, ttlSeconds, server, notes: skipped };
    const message = `DNS error: ${name}: none of the SRV records of ${server} can be used: ${skipped.join('; ')}`;
    return { found: 'refusal', refuse: () => refuse('discovery-failure', { message }), ttlSeconds };
  }

  async #loadAddresses(host: string, family: 4 | 6): Promise<Loaded<readonly SocketAddress[]>> {
    const type = family === 6 ? 'AAAA' : 'A';
    const answer = await this.#lookUp(host, type, (reason, cause) =>
      refuse('federation-connection-refused', { message: `DNS error: ${host} ${type}: ${reason}`, cause }),
    );
    const { ttlSeconds, server } = answer;
    const value = answer.found === 'records' ? readAddresses(answer.records, family) : [];
    if (value.length > 0) return { found: 'value', value, ttlSeconds, server, notes: [] };
    const why = answer.found === 'absent' ? answer.why : 'no readable address';
    const message = `${host} has no ${type} record (${why} from ${server})`;
    return {
      found: 'refusal',
      refuse: () => refuse('federation-connection-refused', { message }),
      ttlSeconds,
    };
  }

  async #lookUp(
    name: string,
    type: 'SRV' | 'A' | 'AAAA',
    failed: (reason: string, cause: DnsFailure) => Refusal,
  ): Promise<LookUp> {
    try {
      return await this.#resolver.lookUp(name, type);
    } catch (failure) {
      throw failure instanceof DnsFailure ? failed(failure.message, failure) : failure;
    }
  }

  /** One family's addresses after the egress rules. */
  async #permitted(found: Promise<readonly SocketAddress[]>, target: SrvTarget): Promise<FamilyOutcome> {
    const candidates = await refusalOr(found);
    if (candidates instanceof Refusal) return { addresses: [], reasons: [candidates.message] };
    const addresses: SocketAddress[] = [];
    const reasons: string[] = [];
    for (const candidate of candidates) {
      const forbidden = this.#egress.check(candidate, target.port);
      if (forbidden === undefined) {
        addresses.push(candidate);
        continue;
      }
      addressRefused(target.host, candidate.address, forbidden.range);
      reasons.push(forbidden.reason);
    }
    return { addresses, reasons };
  }
}

function noService(found: string, ttlSeconds: number): Loaded<readonly SrvTarget[]> {
  const message = `srv record not found: ${found}`;
  return { found: 'refusal', refuse: () => refuse('invalid-domain', { message }), ttlSeconds };
}

function readAddresses(records: readonly Answer[], family: 4 | 6): readonly SocketAddress[] {
  const addresses = records.flatMap((record) =>
    record.type === 'A' || record.type === 'AAAA' ? [record.data] : [],
  );
  return addresses
    .filter((address) => isIP(address) === family)
    .slice(0, maxAddresses)
    .map((address) => Object.freeze({ address, family }));
}

function describe(found: Inspected<readonly SrvTarget[]>): Inspection['answer'] {
  const { source, server, ttlSeconds, notes } = found;
  return { source, server, ttlSeconds, skipped: notes };
}

/** A refusal as a value, where it is one of several outcomes; anything else is a bug and goes on as it is. */
async function refusalOr<T>(outcome: Promise<T>): Promise<T | Refusal> {
  try {
    return await outcome;
  } catch (failure) {
    if (failure instanceof Refusal) return failure;
    throw failure;
  }
}

function atLeast(key: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw new Error(`federation.dns.${key}: found ${value}, expected a number of at least ${least}`);
}
