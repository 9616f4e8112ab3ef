/** `network.json`: what tests and outside tools learn of a running network. A promise; only ever add to it. */
export interface NetworkDescription {
  readonly backends: readonly BackendDescription[];
  readonly dns: { readonly host: string; readonly port: number };
  /** Absolute paths of PEM files. The CA signs leaves directly. */
  readonly ca: { readonly certificate: string; readonly key: string };
}

export interface BackendDescription {
  readonly domain: string;
  readonly infrastructureDomain: string;
  readonly clientApi: string;
  readonly websocket: string;
  readonly internalApi: string;
  readonly outward: string;
  readonly inward: string;
  readonly ingress: { readonly host: string; readonly port: number };
  /** Every process of the backend. */
  readonly pids: readonly number[];
  /** Brings the backend up again on the same ports and data, from any folder. */
  readonly start: readonly string[];
  readonly config: string;
  readonly data: string;
}
