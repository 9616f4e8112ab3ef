/**
 * Inward: requests of remote backends, admitted check by check and handed to the components.
 *
 * Start reading at `admit.ts`. `target.ts` reads the path, `forwarded-certificate.ts` the header of an outside ingress,
 * `component-call.ts` is the way to the component and back.
 */
export { createInward, type Inward, type InwardLimits } from './inward.ts';
