import type { sendConnectionAction } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import { type IncomingActions, userOfOrigin } from '../connections/incoming-actions.ts';
import type { TeamRules } from '../connections/needs.ts';

interface Needs {
  readonly incoming: IncomingActions;
  readonly teamRules: TeamRules;
}

/**
 * A user of the caller wants a connection with an own user, or no longer does (reference federation-api 5.2.10). The
 * acting user is always one of the caller's, and the callers' team rule comes before anything about the own user.
 */
export function serveSendConnectionAction({
  incoming,
  teamRules,
}: Needs): RpcHandler<typeof sendConnectionAction> {
  return async ({ origin }, { from, from_team: team, to, action }) => {
    if (!teamRules.federatesWith(origin, team ?? null)) {
      return { tag: 'NewConnectionResponseNotFederating' };
    }
    const outcome = await incoming.act(userOfOrigin(origin, from), to, action);
    if (outcome === 'not-activated') return { tag: 'NewConnectionResponseUserNotActivated' };
    return { tag: 'NewConnectionResponseOk', contents: outcome.reaction };
  };
}
