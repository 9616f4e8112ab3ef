import type { Relation } from '#contract/client/connections.ts';

/**
 * What happens to the two rows of a pair of own users (reference client-api 3.4). Each user has a row for the other
 * one; "mine" is the row of the user who acts:
 *
 * - `sent` / `pending`: I have asked, and the other one has not answered. The connect conversation has me alone.
 * - `accepted` on both sides: the conversation is a one-to-one conversation of both.
 * - `ignored`: I have looked away from the other one's request; `cancelled`: a request was withdrawn.
 * - `blocked`: I have left the conversation and hear nothing; the other one's row does not tell.
 * - `missing-legalhold-consent`: suspended by an operator. No action of a user leads there or away.
 */
export type OwnStep =
  /** Nothing happens; my row is the answer. */
  | { readonly kind: 'keep' }
  | { readonly kind: 'refuse' }
  /** Mine `sent`, theirs `pending`, in a connect conversation with me alone. Both are told. */
  | { readonly kind: 'ask' }
  /**
   * Mine `accepted`, and I join the conversation. Theirs too when `both`, or `blocked` when the other one has left the
   * connect conversation meanwhile.
   */
  | { readonly kind: 'accept'; readonly both: boolean }
  /** Mine only; `silent` steps tell nobody. */
  | { readonly kind: 'set'; readonly mine: Relation; readonly silent: boolean }
  /** Mine `blocked`, and I leave the conversation. */
  | { readonly kind: 'block' }
  /** I join the conversation again; theirs becomes `accepted` too when it was `sent` and mine is now `accepted`. */
  | { readonly kind: 'unblock'; readonly mine: 'accepted' | 'sent' }
  /** Both `cancelled`, and I leave the connect conversation. */
  | { readonly kind: 'cancel' }
  /** Both had asked at once and both become `accepted`; as in wire-server only the other one's row is told. */
  | { readonly kind: 'settle' };

interface Rule {
  readonly mine: readonly Relation[];
  /** Any when left out. */
  readonly theirs?: readonly Relation[];
  /** What the client asks for; any when left out. */
  readonly wanted?: readonly Relation[];
  readonly step: OwnStep;
}

const everything: readonly Relation[] = ['accepted', 'blocked', 'pending', 'ignored', 'sent', 'cancelled'];

/** `POST /connections`, when both rows are there. The first rule that fits holds. */
const requests: readonly Rule[] = [
  { mine: ['accepted'], theirs: ['accepted', 'blocked'], step: { kind: 'keep' } },
  { mine: ['sent'], theirs: ['blocked'], step: { kind: 'keep' } },
  { mine: ['blocked'], step: { kind: 'refuse' } },
  { mine: everything, theirs: ['blocked'], step: { kind: 'set', mine: 'sent', silent: true } },
  { mine: everything, theirs: ['sent', 'accepted'], step: { kind: 'accept', both: true } },
  { mine: everything, theirs: ['ignored', 'pending', 'cancelled'], step: { kind: 'ask' } },
];

/** `PUT /connections`. The first rule that fits holds; what fits none is refused, unless it changes nothing. */
const updates: readonly Rule[] = [
  { mine: ['pending'], wanted: ['ignored'], step: { kind: 'set', mine: 'ignored', silent: false } },
  {
    mine: ['pending', 'ignored'],
    // Both `pending` came of two requests at once.
    theirs: ['sent', 'pending'],
    wanted: ['accepted'],
    step: { kind: 'accept', both: true },
  },
  { mine: ['pending', 'ignored'], wanted: ['accepted'], step: { kind: 'accept', both: false } },
  {
    mine: ['pending', 'ignored', 'accepted', 'sent', 'cancelled'],
    wanted: ['blocked'],
    step: { kind: 'block' },
  },
  {
    mine: ['blocked'],
    theirs: ['accepted', 'blocked', 'sent'],
    wanted: ['accepted', 'sent'],
    step: { kind: 'unblock', mine: 'accepted' },
  },
  {
    mine: ['blocked'],
    theirs: ['pending', 'ignored', 'cancelled'],
    wanted: ['accepted', 'sent'],
    step: { kind: 'unblock', mine: 'sent' },
  },
  { mine: ['sent'], theirs: ['pending', 'ignored'], wanted: ['cancelled'], step: { kind: 'cancel' } },
  {
    mine: ['sent'],
    theirs: ['blocked', 'cancelled'],
    wanted: ['cancelled'],
    step: { kind: 'set', mine: 'cancelled', silent: false },
  },
  { mine: ['sent'], theirs: ['sent'], wanted: ['accepted'], step: { kind: 'settle' } },
  {
    mine: ['sent'],
    theirs: ['accepted'],
    wanted: ['accepted'],
    step: { kind: 'set', mine: 'accepted', silent: false },
  },
];

/** The step of a request to a user to whom both rows exist; without them it is always `ask`. */
export function requestStep(mine: Relation, theirs: Relation): OwnStep {
  return find(requests, mine, theirs) ?? { kind: 'refuse' };
}

/** The step of a client that wants its row to have another status. */
export function updateStep(mine: Relation, theirs: Relation, wanted: Relation): OwnStep {
  if (theirs === 'missing-legalhold-consent') return { kind: 'refuse' };
  const step = find(updates, mine, theirs, wanted);
  if (step !== undefined) return step;
  const same = mine === wanted && mine !== 'missing-legalhold-consent';
  return same ? { kind: 'keep' } : { kind: 'refuse' };
}

function find(
  rules: readonly Rule[],
  mine: Relation,
  theirs: Relation,
  wanted?: Relation,
): OwnStep | undefined {
  return rules.find(
    (rule) =>
      rule.mine.includes(mine) &&
      (rule.theirs === undefined || rule.theirs.includes(theirs)) &&
      (rule.wanted === undefined || (wanted !== undefined && rule.wanted.includes(wanted))),
  )?.step;
}

/** Whether a step lets the acting user want one connection more, which its limit must allow. */
export function countsTowardsLimit(step: OwnStep, mine: Relation, by: 'request' | 'update'): boolean {
  if (step.kind === 'ask' || step.kind === 'accept') {
    return by === 'update' || (mine !== 'sent' && mine !== 'accepted');
  }
  return step.kind === 'unblock';
}
