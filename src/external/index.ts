/**
 * External: calls to services that others run outside of this backend, and that it knows by their public keys.
 *
 * A service is reached over HTTPS at the address that its owner has registered. That address was chosen by a user, so
 * it is never trusted: only addresses that the operator lets out are connected to, and nothing is said before the
 * service has shown a registered key. It must never know what a call is for; what one consists of is in the contract.
 *
 * Start reading at `pinned-call.ts`; `pinned-session.ts` is the way there.
 */
export { createPinnedCaller, type PinnedCallerOptions } from './pinned-call.ts';
