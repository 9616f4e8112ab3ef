/**
 * Outward: a component's call on its way to a remote backend. Start reading at `forward.ts`, which has the checks in
 * order; `outward-listener.ts` and `in-process-transport.ts` are the two doors to it, `http-transport.ts` is how a
 * component in another process uses the first.
 */
export type { OutwardLimits } from './forward.ts';
export { createHttpTransport } from './http-transport.ts';
export { createInProcessTransport } from './in-process-transport.ts';
export { createOutward, type Outward } from './outward.ts';
export { openOutwardListener } from './outward-listener.ts';
