/** A legal hold service on loopback, over HTTPS with a key of its own. */
export {
  type LegalholdRequest,
  type LegalholdTestService,
  openLegalholdService,
} from './legalhold-service.ts';
