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
