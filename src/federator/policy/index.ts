export { FederationPolicy, openPolicy } from './policy.ts';
export { policyRoutes } from './routes.ts';
export { createFederationRules, type FederationRules } from './rules.ts';
