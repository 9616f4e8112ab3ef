import type { KeyObject } from 'node:crypto';

/** One request to a service that others run outside of this backend (reference client-api 9.4, 9.5). */
export interface ServiceCall {
  readonly method: 'GET' | 'POST';
  /** `https://…`; what stands in it behind its path plays no part. */
  readonly baseUrl: string;
  /** Comes behind that of the base URL: `/status`. */
  readonly path: string;
  /** The service's certificate has to have one of these. */
  readonly keys: readonly KeyObject[];
  /** Shown to the service once it has shown its key; for the first contact there is none. */
  readonly token?: string;
  /** JSON. */
  readonly body?: string;
  /** Ends the call before its time. */
  readonly signal?: AbortSignal;
}

/** What has come of it. A service that cannot be reached is nothing out of the ordinary. */
export type ServiceAnswer =
  | { readonly reached: true; readonly status: number; readonly body: Buffer }
  | { readonly reached: false; readonly reason: string };

/** How the parts call services. It never rejects: that a service was not reached is an answer too. */
export type CallService = (call: ServiceCall) => Promise<ServiceAnswer>;
