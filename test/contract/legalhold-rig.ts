import { setTeamFeature } from '#contract/client/features.ts';
import * as client from '#contract/client/legalhold.ts';
import type { TeamId } from '#contract/ids.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { createPinnedCaller } from '#external';
import type { TeamsNeeds } from '#teams';
import { type LegalholdTestService, openLegalholdService } from '#testkit';
import { password } from './brig-rig.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** A team with a real service, over real HTTPS. */
export interface LegalholdRig extends AsyncDisposable {
  readonly rig: TeamsRig;
  readonly service: LegalholdTestService;
  readonly owner: AuthenticatedUser;
  readonly team: TeamId;
  /** Where the users of this rig have left groups. */
  readonly parted: readonly string[];
  /** Whoever asks, and who is asked about. */
  register(user?: AuthenticatedUser, change?: object): Promise<client.LegalholdServiceView>;
  consent(user: AuthenticatedUser): Promise<number>;
  request(user: AuthenticatedUser, asker?: AuthenticatedUser): Promise<number>;
  approve(user: AuthenticatedUser, asker?: AuthenticatedUser, body?: object): Promise<number>;
  disable(user: AuthenticatedUser, asker?: AuthenticatedUser, body?: object): Promise<number>;
  view(user: AuthenticatedUser): Promise<client.LegalholdStatusView>;
  setFeature(status: 'enabled' | 'disabled', asker?: AuthenticatedUser): Promise<unknown>;
}

export async function openLegalholdRig(url: string, needs: Partial<TeamsNeeds> = {}): Promise<LegalholdRig> {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(await openLegalholdService());
  const limits = { timeoutMs: 10_000, maxAnswerBytes: 100_000 };
  const callService = createPinnedCaller({ mayConnect: () => undefined, ...limits });
  const parted: string[] = [];
  const conversations = {
    end: async () => undefined,
    part: async (user: string) => void parted.push(user),
  };
  const rig = stack.use(await openTeamsRig(url, { callService, conversations, ...needs }));
  const { owner, team: tid } = await rig.addOwner();
  const about = ({ userId: uid }: AuthenticatedUser) => ({ tid, uid });
  const owned = stack.move();
  return {
    rig,
    service,
    owner,
    team: tid,
    parted,
    async register(user = owner, change = {}) {
      const body = { ...service.settings, ...change };
      return (await rig.send(client.createLegalholdSettings, { user, params: { tid }, body })).body;
    },
    consent: async (user) => (await rig.send(client.consentToLegalhold, { user, params: { tid } })).status,
    request: async (of, user = owner) =>
      (await rig.send(client.requestLegalholdDevice, { user, params: about(of) })).status,
    approve: async (of, user = of, body = { password }) =>
      (await rig.send(client.approveLegalholdDevice, { user, params: about(of), body })).status,
    disable: async (of, user = owner, body = { password }) =>
      (await rig.send(client.disableLegalhold, { user, params: about(of), body })).status,
    view: async (of) => (await rig.send(client.getLegalholdStatus, { user: owner, params: about(of) })).body,
    setFeature: (status, user = owner) =>
      rig.send(setTeamFeature, { user, params: { tid, feature: 'legalhold' }, body: { status } }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A team that has turned legal hold on and registered its service, and a member who has consented. */
export async function openHeldTeam(
  url: string,
  needs: Partial<TeamsNeeds> = {},
): Promise<LegalholdRig & { readonly member: AuthenticatedUser }> {
  const held = await openLegalholdRig(url, needs);
  await held.setFeature('enabled');
  await held.register();
  const member = await held.rig.addMember(held.team, 'member');
  await held.consent(member);
  return { ...held, member };
}
