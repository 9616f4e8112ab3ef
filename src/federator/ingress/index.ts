/**
 * Ingress: the TLS listener that remotes connect to, when no outside ingress stands in front.
 *
 * Start reading at `judge-peer.ts` (who is believed), then `ingress.ts` (the listener and its reloads).
 */
export { type Ingress, openIngress } from './ingress.ts';
