/**
 * Gateway: the listener that clients talk to, and the one for operations.
 *
 * It takes the API version off the path, finds out who calls, holds limits, parses what comes in by the contract's
 * schemas, hands it to the handler of a part, and writes its answer or its refusal. It knows no business rule: what a
 * route does, and how tokens are signed, is given to it.
 *
 * Start reading at `gateway.ts` and `adapter/adapt.ts` (the way of one request); `versions/version-prefix.ts` and
 * `tokens/authenticate.ts` are what an audit wants to see first.
 */
export type { ListenAddress, ListenerLimits } from './adapter/listener.ts';
export type { CorsOptions } from './cors.ts';
export type { FederationRouteOptions } from './federation-route.ts';
export { type Gateway, type GatewayOptions, openGateway } from './gateway.ts';
export {
  type InternalListener,
  type InternalListenerOptions,
  openInternalListener,
} from './internal-listener.ts';
export type { Rate } from './limits/rate-limiter.ts';
export { createUpgrades, type OnUpgrade, type UpgradesOptions } from './upgrades.ts';
