import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';

/** The backends of the demo: Alice's, Bob's, and the one that joins later. */
export interface Backends {
  readonly a: BackendDescription;
  readonly b: BackendDescription;
  readonly c: BackendDescription;
}

export function backendsOf({ description }: RunningNetwork): Backends {
  const [a, b, c] = description.backends;
  if (a === undefined || b === undefined || c === undefined) throw new Error('the demo needs three backends');
  return { a, b, c };
}
