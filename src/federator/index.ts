/**
 * Federator: the way out to other backends and the way in from them.
 *
 * Outward takes a component's call, checks the policy, discovers the remote, and sends the call over a pooled, mutually
 * authenticated HTTP/2 session. Ingress terminates TLS for remotes, inward admits each request (form, policy,
 * discovery, certificate) and hands it to the component. It knows nothing of users, conversations or what an RPC
 * means.
 *
 * Start reading at `inward/admit.ts` (the security of the whole) and `outward/forward.ts`; `federator.ts` joins the
 * folders.
 */
export { CertificateFileError } from './certificates/index.ts';
export { type ComponentUrls, createComponentHttp } from './component-http.ts';
export {
  createEgressRules,
  type DiscoveryOptions,
  type EgressRules,
  type Inspection,
  openDiscovery,
  ownListeners,
} from './discovery/index.ts';
export type { FederationStrategy, Policy } from './faces.ts';
export {
  type Federator,
  type FederatorDoors,
  type FederatorNeeds,
  type ListenAddress,
  type OpenDoors,
  type OpenListener,
  openFederator,
} from './federator.ts';
export { createHttpTransport } from './outward/index.ts';
export {
  createFederationRules,
  type FederationPolicy,
  type FederationRules,
  openPolicy,
  policyRoutes,
} from './policy/index.ts';
export { openPolledPolicy, type PolledPolicy } from './polled-policy.ts';
export type { RemoteStatus } from './sessions/index.ts';
