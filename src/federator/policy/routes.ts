import {
  addRemote,
  addRemoteTeam,
  getRemotes,
  getRemoteTeams,
  removeRemote,
  removeRemoteTeam,
  replaceRemote,
} from '#contract/internal/federation.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { FederationPolicy } from './policy.ts';

/** wire-server's answer is always this, whatever is configured (reference 2.3). */
const updateIntervalSeconds = 10;

/** The list of remotes on the operations listener. */
export function policyRoutes(policy: FederationPolicy): readonly ServedRoute[] {
  return [
    handle(getRemotes, () => ({
      status: 200,
      body: {
        strategy: policy.strategy,
        remotes: [...policy.listBySource()],
        update_interval: updateIntervalSeconds,
      },
    })),
    handle(addRemote, async ({ body }) => {
      await policy.add(body);
      return { status: 200, body: [] };
    }),
    handle(replaceRemote, async ({ params, body }) => {
      await policy.replace(params.domain, body);
      return { status: 200, body: [] };
    }),
    handle(removeRemote, async ({ params }) => {
      await policy.remove(params.domain);
      return { status: 200, body: [] };
    }),
    handle(getRemoteTeams, async ({ params }) => {
      const teams = await policy.teams(params.domain);
      return { status: 200, body: teams.map((team) => ({ team_id: team })) };
    }),
    handle(addRemoteTeam, async ({ params, body }) => {
      await policy.addTeam(params.domain, body.team_id);
      return { status: 200, body: [] };
    }),
    handle(removeRemoteTeam, async ({ params }) => {
      await policy.removeTeam(params.domain, params.team);
      return { status: 200, body: [] };
    }),
  ];
}
