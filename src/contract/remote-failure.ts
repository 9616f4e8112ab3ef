import { type LabelKey, labels } from './labels.ts';
import { type ErrorBody, type FederationData, Refusal, type RefusalDetails, refuse } from './refusal.ts';

/**
 * A failure that our own federator answered, passed on as it is: its status and label may be any (reference 3.2), so
 * they are carried beside the catalogue's.
 */
class PassedOnFailure extends Refusal {
  override readonly status: number;
  override readonly label: string;
  readonly #error: string | undefined;

  constructor(key: LabelKey, received: ErrorBody, details: RefusalDetails) {
    super(key, details);
    this.status = received.code;
    this.label = received.label;
    this.#error = received.error;
  }

  override body(): ErrorBody {
    const body = { ...this.standardBody(), code: this.status, label: this.label };
    return this.#error === undefined ? body : { ...body, error: this.#error };
  }
}

/**
 * What a component makes of an answer of its federator that is not 200 (reference 3.2): a 403 is the own federator's
 * fault; another JSON error is passed on with `data`; anything else is an unknown federation error of that status.
 */
export function failureOf(status: number, body: Uint8Array, data: FederationData): Refusal {
  const text = Buffer.from(body).toString('utf8');
  if (status === 403)
    return refuse('federation-local-error', { message: `Local federator failure: ${text}` });
  const received = readErrorBody(text);
  if (received === undefined) {
    const found = { code: status, label: 'unknown-federation-error', message: text };
    return new PassedOnFailure('unknown-federation-error', found, { message: text, data });
  }
  const key = Object.hasOwn(labels, received.label)
    ? (received.label as LabelKey)
    : 'unknown-federation-error';
  return new PassedOnFailure(
    key,
    { ...received, code: status },
    {
      message: received.message,
      data,
      inner: received.inner,
    },
  );
}

function readErrorBody(text: string): ErrorBody | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isErrorBody(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value has the members that make it an error body (reference 1.2.6). */
export function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== 'object' || value === null) return false;
  const { code, label, message } = value as Partial<Record<keyof ErrorBody, unknown>>;
  return Number.isInteger(code) && typeof label === 'string' && typeof message === 'string';
}
