export { type ConfiguredRemote, FederationPolicy, openPolicy, type PolicyOptions } from './policy.ts';
export { policyRoutes } from './routes.ts';
export { createFederationRules, type FederationRules } from './rules.ts';
