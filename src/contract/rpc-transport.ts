import type { BackendDomain } from './ids.ts';
import type { Component } from './rpc.ts';

/** Headers of the federation API, lower case as HTTP/2 carries them. */
export const federationHeaders = {
  originDomain: 'wire-origin-domain',
  requestId: 'wire-origin-request-id',
  version: 'x-wire-api-version',
  certificate: 'x-ssl-certificate',
  /** Ours, between a component and its own federator: see `RpcRequest.session`. */
  session: 'crosswire-session',
  /** Ours, on queued notifications: the same on each attempt, so that a receiver can take it once. */
  deliveryId: 'crosswire-delivery-id',
} as const;

/** One federated call as a component hands it to its federator's outward side. */
export interface RpcRequest {
  readonly domain: BackendDomain;
  readonly component: Component;
  readonly rpc: string;
  /** `wire-origin-domain`, `x-wire-api-version`, … */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body: RPC inputs are JSON and small. */
  readonly body: Uint8Array;
  /**
   * Number of the sessions to the remote under which its versions were learnt. When those sessions are gone the
   * federator does not send and answers `session: 'lost'`, so that nothing remembered outlives its connections.
   */
  readonly session?: number;
  readonly signal?: AbortSignal;
}

export interface RpcResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read to the end or destroy: an unread body holds a stream of the remote. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly session?: number | 'lost';
}

/**
 * The seam between components and federator. Two implementations: by function in one process, and HTTP/2 to the
 * outward listener. A federation failure is a response with the federator's error body on both, never a rejection; the
 * second rejects with `FederatorUnreachable` when the federator itself cannot be asked.
 */
export interface RpcTransport {
  send(request: RpcRequest): Promise<RpcResponse>;
}

/**
 * The rejection of an `RpcTransport` whose federator is in another process and cannot be asked; the caller maps it to
 * `federation-not-available` (reference 3.2). Nothing is known of whether the call was made, unless `untouched`.
 */
export class FederatorUnreachable extends Error {
  /** The call certainly did not reach the federator. */
  readonly untouched: boolean;

  constructor(message: string, untouched: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'FederatorUnreachable';
    this.untouched = untouched;
  }
}

/** What the inward side hands to a component: the request of reference 1.3.3. */
export interface ComponentRequest {
  readonly component: Component;
  readonly rpc: string;
  readonly originDomain: BackendDomain;
  readonly requestId: string;
  /** `X-Wire-API-Version` as received, unchecked. */
  readonly version: string | undefined;
  /** `Crosswire-Delivery-Id` as received; wire-server sends none. */
  readonly deliveryId?: string;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

export interface ComponentResponse {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** The seam between federator and components; by function or HTTP. Rejects only when the component is unreachable. */
export interface ComponentTransport {
  send(request: ComponentRequest): Promise<ComponentResponse>;
}
