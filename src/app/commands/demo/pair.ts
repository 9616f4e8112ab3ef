import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';

/** The two backends of the demo. */
export function backendsOf({ description }: RunningNetwork): {
  readonly a: BackendDescription;
  readonly b: BackendDescription;
} {
  const [a, b] = description.backends;
  if (a === undefined || b === undefined) throw new Error('the demo needs two backends');
  return { a, b };
}
