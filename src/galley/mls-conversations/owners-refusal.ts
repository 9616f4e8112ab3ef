import { type GalleyError, refusalOf } from '#contract/federation/galley-errors.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';

/** The owner's error as if it were ours; one that nobody expects is an internal error, as in wire-server. */
export function ownersRefusal(error: GalleyError): Refusal {
  return refusalOf(error) ?? refuse('internal-error', { message: 'Unexpected error of the owner' });
}
