import type { Relation } from '#contract/client/connections.ts';
import type { ConnectionAction } from '#contract/federation/brig.ts';

/**
 * What happens to the row that an own user has for a user of another backend (reference federation-api 7.3). Each
 * backend keeps its own user's row only; a row says whether each of the two wants the connection:
 *
 * - `cancelled`, which is also no row: neither.
 * - `sent`: the own user wants it. It enters by `connect`, and leaves when the other one wants it too.
 * - `pending`: the other one wants it; `ignored`: so, and the own user does not want to hear of it.
 * - `accepted`: both.
 * - `blocked`: the own user wants neither the connection nor to hear of it; the other side is not told. For want of
 *   legalhold consent (`missing-legalhold-consent`) it is the same.
 *
 * The actions of the two sides commute: in whatever order they arrive, both rows end up alike.
 */

/** What the own user does. `reassure` changes nothing: the other side is told again what the row says. */
export type OwnAction = 'connect' | 'block' | 'ignore' | 'rescind' | 'reassure';

type Table = Readonly<Record<OwnAction | ConnectionAction, Readonly<Partial<Record<Relation, Relation>>>>>;

const table: Table = {
  connect: {
    cancelled: 'sent',
    sent: 'sent',
    pending: 'accepted',
    accepted: 'accepted',
    ignored: 'sent',
    blocked: 'sent',
  },
  block: {
    cancelled: 'blocked',
    sent: 'blocked',
    pending: 'blocked',
    accepted: 'blocked',
    ignored: 'blocked',
  },
  ignore: { pending: 'ignored' },
  rescind: { sent: 'cancelled', accepted: 'pending' },
  reassure: {
    cancelled: 'cancelled',
    sent: 'sent',
    pending: 'pending',
    accepted: 'accepted',
    ignored: 'ignored',
  },
  RemoteConnect: {
    cancelled: 'pending',
    sent: 'accepted',
    pending: 'pending',
    accepted: 'accepted',
    ignored: 'pending',
  },
  RemoteRescind: { pending: 'cancelled', accepted: 'sent' },
};

/** The relation after an action; undefined when the action cannot be taken from there. */
export function transition(action: OwnAction | ConnectionAction, from: Relation): Relation | undefined {
  return table[action][from === 'missing-legalhold-consent' ? 'blocked' : from];
}

/** What the other side is told of an action; undefined when it is none of its business. */
export function toldOf(action: OwnAction, from: Relation): ConnectionAction | undefined {
  if (action === 'connect') return 'RemoteConnect';
  if (action === 'rescind') return 'RemoteRescind';
  if (action !== 'reassure') return undefined;
  return isWanted(from) ? 'RemoteConnect' : 'RemoteRescind';
}

/** What the side that was told an action answers, by the relation that it led to. */
export function reactionOf(after: Relation | undefined): ConnectionAction | null {
  return after !== undefined && isWanted(after) ? 'RemoteConnect' : null;
}

/** Whether the own user wants the connection; such rows count towards its limit. */
export function isWanted(relation: Relation): boolean {
  return relation === 'sent' || relation === 'accepted';
}

/**
 * Whether the user who acted is in the one-to-one conversation afterwards; the other one's membership stays as it was.
 */
export function belongsIn(actor: 'own' | 'remote', relation: Relation): boolean {
  if (relation === 'accepted') return true;
  return actor === 'own' ? relation === 'sent' : relation === 'pending' || relation === 'ignored';
}

/** The action that a status stands for which a client asks for; undefined when it cannot be asked for. */
export function actionTowards(wanted: Relation): OwnAction | undefined {
  const actions: Partial<Record<Relation, OwnAction>> = {
    sent: 'connect',
    accepted: 'connect',
    blocked: 'block',
    ignored: 'ignore',
    cancelled: 'rescind',
  };
  return actions[wanted];
}
