import type { Bundle, BundledResult } from './federation/outbox.ts';
import type { BackendDomain } from './ids.ts';
import type { InputOf, OutputOf, Rpc } from './rpc.ts';

/** What is told beside a federated call. */
export interface CallOptions {
  /** Request id of the client request being served, for the logs of both sides. */
  readonly requestId?: string;
  readonly signal?: AbortSignal;
}

/** An RPC that is answered at once; queued ones go through the outbox. */
export type AnsweredRpc = Rpc & { readonly delivery: 'answered' };

/** An RPC that the outbox delivers. */
export type QueuedRpc = Rpc & { readonly delivery: 'queued' };

/** An RPC that answers bytes. */
export type StreamedRpc = Rpc & { readonly delivery: 'streamed' };

export interface DeliveryOptions extends CallOptions {
  /** The same on each attempt, so that the receiver can take the notification once. */
  readonly deliveryId: string;
}

/** How the outbox hands over what was queued. */
export interface FederationDeliverer {
  /** Delivers one notification. Refusals as those of `call`. */
  deliver<R extends QueuedRpc>(
    domain: BackendDomain,
    rpc: R,
    input: InputOf<R>,
    options: DeliveryOptions,
  ): Promise<void>;
  /**
   * Delivers many notifications in one request, to a remote that takes bundles. `write` makes the bundle for the
   * negotiated version; it is called again when the sessions were lost and the version has to be agreed on anew.
   * @returns one result for each notification of the bundle that `write` made last; undefined, and nothing is sent, when
   * the remote is known to take bundles no more
   */
  deliverBundle(
    domain: BackendDomain,
    write: (version: number) => Bundle,
    options?: CallOptions,
  ): Promise<readonly BundledResult[] | undefined>;
  /** Whether the remote says in its `api-version` answer that it takes bundles of notifications. */
  takesBundles(domain: BackendDomain, options?: CallOptions): Promise<boolean>;
}

/** How the parts call other backends. */
export interface FederationCaller {
  /**
   * Asks a remote and waits for its answer.
   * @throws Refusal as in the reference, section 3.2: `federation-denied`, `invalid-domain`,
   * `federation-connection-refused`, `federation-remote-error` …, each with `data` naming domain and path.
   */
  call<R extends AnsweredRpc>(
    domain: BackendDomain,
    rpc: R,
    input: InputOf<R>,
    options?: CallOptions,
  ): Promise<OutputOf<R>>;
}

/** How a part reads the bytes that another backend has. */
export interface FederationStreamer {
  /**
   * Asks a remote and resolves when it begins to answer with bytes, which come as fast as they are read. A body that is
   * not whole ends with a throw, never short; aborting `signal` cuts it off.
   * @throws Refusal as those of `call`
   */
  stream<R extends StreamedRpc>(
    domain: BackendDomain,
    rpc: R,
    input: InputOf<R>,
    options?: CallOptions,
  ): Promise<AsyncIterable<Uint8Array>>;
}
