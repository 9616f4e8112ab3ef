/**
 * Discovery: from a backend domain to the infrastructure domains and addresses behind it (specification, "Discovery").
 *
 * A stub resolver of our own, because the system's hides the TTLs that the specification wants kept exactly. The
 * mapping that the inward check relies on comes from the same cache as the targets that outward connects to.
 *
 * Start reading at `discovery.ts`. `answer-cache.ts` has the states of a cached answer, `stub-resolver.ts` the choice of
 * servers, `exchange.ts` one query on the network, `chain.ts` what an answer means, `egress.ts` which addresses are
 * never connected to.
 */
export { type DiscoveryOptions, type Inspection, openDiscovery } from './discovery.ts';
export { createEgressRules, type EgressOptions, type EgressRules, ownListeners } from './egress.ts';
