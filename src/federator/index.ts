/**
 * Federator: the way out to other backends and the way in from them.
 *
 * Outward takes a component's call, checks the policy, discovers the remote, and sends the call over a pooled, mutually
 * authenticated HTTP/2 session. Ingress terminates TLS for remotes, inward admits each request (form, policy,
 * discovery, certificate) and hands it to the component. It knows nothing of users, conversations or what an RPC
 * means.
 *
 * Start reading at `inward/admit.ts` (the security of the whole) and `outward/forward.ts`.
 */

export {
  type ConfiguredRemote,
  createFederationRules,
  type FederationPolicy,
  type FederationRules,
  openPolicy,
  type PolicyOptions,
  policyRoutes,
} from './policy/index.ts';
