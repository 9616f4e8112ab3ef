import { Counter } from 'prom-client';
import { type Logger, logger, requestDurations } from '#telemetry';

export const federatorLog: Logger = logger('federator');

/** Names of wire-server, so that its dashboards work here (reference federation-api 1.2.1). */
const outgoing = new Counter({
  name: 'com_wire_federator_outgoing_requests',
  help: 'Calls to remote backends that the policy allows',
  labelNames: ['target_domain'] as const,
});

const incoming = new Counter({
  name: 'com_wire_federator_incoming_requests',
  help: 'Requests of remote backends, by the domain they claim',
  labelNames: ['origin_domain'] as const,
});

const refusals = new Counter({
  name: 'crosswire_federator_refusals_total',
  help: 'Requests refused, by direction and label',
  labelNames: ['direction', 'label'] as const,
});

/** Domains that a counter names by themselves; under `allowAll` anybody could make up more. */
const maxDomains = 1_000;

/** One counter's children, kept because looking a label up costs more than counting. */
class DomainCounter {
  readonly #child: (domain: string) => { inc(): void };
  readonly #children = new Map<string, { inc(): void }>();

  constructor(child: (domain: string) => { inc(): void }) {
    this.#child = child;
  }

  count(domain: string): void {
    let child = this.#children.get(domain);
    if (child === undefined) {
      const name = this.#children.size < maxDomains ? domain : 'other';
      child = this.#children.get(name) ?? this.#child(name);
      this.#children.set(name, child);
    }
    child.inc();
  }
}

const outgoingByDomain = new DomainCounter((domain) => outgoing.labels(domain));
const incomingByDomain = new DomainCounter((domain) => incoming.labels(domain));

/** A call passed the policy on its way out. */
export function countOutgoing(domain: string): void {
  outgoingByDomain.count(domain);
}

/** A request came in for a claimed domain, before the policy was asked. */
export function countIncoming(domain: string): void {
  incomingByDomain.count(domain);
}

export function countRefusal(direction: 'outward' | 'inward' | 'ingress', label: string): void {
  refusals.inc({ direction, label });
}

interface Timed {
  observe(seconds: number): void;
}

const timed = new Map<string, Timed>();

/** An answer is complete. `route` is a declared path, never what a caller wrote. */
export function observeAnswer(
  listener: 'outward' | 'inward' | 'ingress',
  route: string,
  status: number,
  seconds: number,
): void {
  const key = `${listener} ${route} ${status}`;
  let child = timed.get(key);
  if (child === undefined) {
    child = requestDurations.labels(listener, 'POST', route, String(status));
    timed.set(key, child);
  }
  child.observe(seconds);
}
