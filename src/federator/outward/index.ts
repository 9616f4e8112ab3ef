/**
 * Outward: a component's call on its way to a remote backend. Start reading at `forward.ts`, which has the checks in
 * order; `outward-listener.ts` and `in-process-transport.ts` are the two doors to it, `http-transport.ts` is how a
 * component in another process uses the first.
 */
export { defaultOutwardLimits, type OutwardAnswer, type OutwardCall, type OutwardLimits } from './forward.ts';
export { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';
export { createInProcessTransport } from './in-process-transport.ts';
export { createOutward, type Outward, type OutwardNeeds } from './outward.ts';
export { type OutwardListenerOptions, openOutwardListener } from './outward-listener.ts';
