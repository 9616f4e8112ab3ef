/**
 * Inward: requests of remote backends, admitted check by check and handed to the components.
 *
 * Start reading at `admit.ts`. `target.ts` reads the path, `forwarded-certificate.ts` the header of an outside ingress,
 * `component-call.ts` is the way to the component and back.
 */
export type { Peer } from './admit.ts';
export {
  createInward,
  defaultInwardLimits,
  type Inward,
  type InwardLimits,
  type InwardListenerOptions,
  type InwardNeeds,
} from './inward.ts';
