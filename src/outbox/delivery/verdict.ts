import { Refusal } from '#contract/refusal.ts';

/**
 * What a failed delivery means.
 *
 * - `dead`: the remote's component refuses this notification for good; it is set aside and its lane goes on.
 * - `lane`: this notification failed and may succeed later; its lane waits, the others go on.
 * - `remote`: nothing gets through at present; the whole remote waits. `away`: it cannot be reached, it is tried again
 *   soon; `refused`: it answers, but not as it should, or our own policy denies it.
 */
export type Verdict =
  | { readonly kind: 'dead'; readonly label: string; readonly message: string }
  | { readonly kind: 'lane'; readonly label: string; readonly message: string }
  | {
      readonly kind: 'remote';
      readonly pace: 'away' | 'refused';
      readonly label: string;
      readonly message: string;
    };

interface RemoteError {
  readonly code: number;
  readonly label: string;
  readonly message: string;
}

/** What a remote's federator answers before its component has seen the request (reference federation-api 1.3.2). */
const federatorLabels = new Set([
  'federation-denied',
  'authentication-failure',
  'no-client-certificate',
  'certificate-parse-error',
  'untrusted-ingress',
  'invalid-domain',
  'discovery-failure',
  'no-origin-domain',
  'domain-parse-error',
]);

/** What our own side refuses of this one notification. */
const ownLaneLabels = new Set([
  'internal-error',
  'federation-invalid-body',
  'federation-invalid-content-type',
  'federation-unsupported-content-type',
]);
const ownRefusedLabels = new Set(['federation-denied', 'federation-version-error', 'federation-not-enabled']);

/** Judges what a delivery threw. */
export function judge(error: unknown): Verdict {
  if (!(error instanceof Refusal)) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'lane', label: 'internal-error', message };
  }
  const { label, message, key } = error;
  const inner = error.details.inner as Partial<RemoteError> | undefined;
  if (key === 'federation-remote-error' && typeof inner?.code === 'number') {
    const { code, label: innerLabel = 'unknown-error', message: innerMessage = '' } = inner;
    return judgeRemoteError({ code, label: innerLabel, message: innerMessage });
  }
  if (key === 'body-too-large') return { kind: 'dead', label, message };
  if (ownLaneLabels.has(key)) return { kind: 'lane', label, message };
  return { kind: 'remote', pace: ownRefusedLabels.has(key) ? 'refused' : 'away', label, message };
}

/** Judges an error answer of the remote: its ingress's, its federator's or its component's. */
export function judgeRemoteError({ code, label, message }: RemoteError): Verdict {
  const said = { label, message: `the remote answered ${code} ${label}: ${shown(message)}` };
  if (federatorLabels.has(label) || code === 429) return { kind: 'remote', pace: 'refused', ...said };
  if (code === 408 || code === 502 || code === 503 || code === 504)
    return { kind: 'remote', pace: 'away', ...said };
  if (isIngressPage(label, message)) return { kind: 'remote', pace: 'refused', ...said };
  if (code >= 400 && code < 500) return { kind: 'dead', ...said };
  return { kind: 'lane', ...said };
}

/** An ingress such as nginx answers with a page; components answer with error objects or plain text. */
function isIngressPage(label: string, message: string): boolean {
  return label === 'unknown-error' && /^\s*</.test(message);
}

function shown(message: string): string {
  return message.length > 300 ? `${message.slice(0, 300)}…` : message;
}
