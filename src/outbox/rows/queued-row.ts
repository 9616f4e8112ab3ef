import type { BackendDomain } from '#contract/ids.ts';
import type { Component } from '#contract/rpc.ts';

/** A notification that waits for a remote, as lanes and senders handle it. */
export interface QueuedRow {
  /** Order within its lane. */
  readonly position: number;
  readonly domain: BackendDomain;
  readonly lane: string;
  readonly deliveryId: string;
  readonly component: Component;
  readonly rpc: string;
  /** JSON text of the newest form of the input. */
  readonly input: string;
  readonly requestId: string | undefined;
  readonly createdAt: number;
}

/** A notification that was given up, as operators see it. Its input is theirs to replay, not to read. */
export interface DeadLetter {
  readonly deliveryId: string;
  readonly lane: string;
  readonly component: string;
  readonly rpc: string;
  readonly createdAt: number;
  readonly label: string;
  readonly reason: string;
  readonly diedAt: number;
}
