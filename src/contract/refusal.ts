import { type LabelKey, labels } from './labels.ts';

/** What a client component says about a federated call that failed (reference 3.2, `data`). */
export interface FederationData {
  readonly type: 'federation';
  readonly domain: string;
  readonly path: string;
}

/** The error body of every JSON answer (reference federation-api 1.2.6, client-api 1.3). */
export interface ErrorBody {
  readonly code: number;
  readonly label: string;
  readonly message: string;
  /** The seed's own name of the failure, beside wire-server's label. */
  readonly error?: string;
  readonly data?: FederationData;
  /** The error body that a remote backend answered. */
  readonly inner?: unknown;
}

export interface RefusalDetails {
  /** Replaces the catalogue's message: which field, what was found, what was expected. */
  readonly message?: string;
  readonly data?: FederationData;
  readonly inner?: unknown;
  /** Answer headers such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Members beside the standard ones, such as `expires_in`. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** The whole body, for the few answers without the standard members (reference federation-api 3.4). */
  readonly instead?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one class for everything that we refuse. Listeners turn it into an answer in one place each. */
export class Refusal extends Error {
  readonly key: LabelKey;
  readonly status: number;
  readonly label: string;
  readonly details: RefusalDetails;

  constructor(key: LabelKey, details: RefusalDetails = {}) {
    const entry = labels[key];
    super(details.message ?? entry.message, { cause: details.cause });
    this.name = 'Refusal';
    this.key = key;
    this.status = entry.status;
    this.label = labelOf(key);
    this.details = details;
  }

  /** What goes onto the wire. */
  body(): ErrorBody | Readonly<Record<string, unknown>> {
    return this.details.instead ?? this.standardBody();
  }

  protected standardBody(): ErrorBody {
    const { error } = labels[this.key] as { readonly error?: string };
    return {
      code: this.status,
      label: this.label,
      message: this.message,
      ...(error === undefined ? {} : { error }),
      ...(this.details.data === undefined ? {} : { data: this.details.data }),
      ...(this.details.inner === undefined ? {} : { inner: this.details.inner }),
      ...this.details.extra,
    };
  }
}

/** What a remote backend has refused on behalf of a client: its own status and body. */
class PassedOn extends Refusal {
  override readonly status: number;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super('federation-remote-error', { instead: body });
    this.status = status;
  }
}

/** The refusal with which another backend has answered a client's request, word for word. */
export function refuseAs(status: number, body: Readonly<Record<string, unknown>>): Refusal {
  return new PassedOn(status, body);
}

/** Makes the refusal of a catalogue entry; `throw refuse('not-found')`. */
export function refuse(key: LabelKey, details?: RefusalDetails): Refusal {
  return new Refusal(key, details);
}

/** The label on the wire of a catalogue key: what stands before the colon that separates variants. */
export function labelOf(key: LabelKey): string {
  const colon = key.indexOf(':');
  return colon === -1 ? key : key.slice(0, colon);
}
