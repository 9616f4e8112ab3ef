import type { Push, Recipient } from '#contract/events/push.ts';
import type { EventJson } from './streams/event-json.ts';

/** A push after its commit, on its way to sockets and native push services. */
export interface Delivery {
  readonly id: string;
  readonly event: EventJson;
  readonly transient: boolean;
  /** Each user once. */
  readonly recipients: readonly Recipient[];
  readonly origin: Push['origin'];
  readonly route: 'any' | 'direct';
  readonly priority: 'low' | 'high';
}
