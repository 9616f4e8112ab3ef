import { type GalleyError, galleyErrorOf } from '#contract/federation/galley-errors.ts';
import { Refusal, refuse } from '#contract/refusal.ts';

/** Other backends are not told whether there is a conversation that their user is not in. */
export function subconversationError(error: unknown): GalleyError {
  const refusal =
    error instanceof Refusal && error.key === 'access-denied' ? refuse('no-conversation') : error;
  const contents = refusal instanceof Refusal ? galleyErrorOf(refusal) : undefined;
  if (contents === undefined) throw error;
  return contents;
}
