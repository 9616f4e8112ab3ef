import { a, federatorSrv, type ZoneRecord } from '#testkit';
import type { BackendPlan } from './plan.ts';

/** Seconds. Long enough that caching shows, short enough to see a change while playing with a network. */
const ttl = 300;

/** What the operators of the backends would publish: where the federator is, and its address. */
export function networkZone(plans: readonly BackendPlan[]): readonly ZoneRecord[] {
  return plans.flatMap((plan) => [
    federatorSrv(plan.domain, { target: plan.infrastructureDomain, port: plan.ports.ingress }, ttl),
    a(plan.infrastructureDomain, '127.0.0.1', ttl),
  ]);
}
