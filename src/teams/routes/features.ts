import * as client from '#contract/client/features.ts';
import type { TeamId } from '#contract/ids.ts';
import * as internal from '#contract/internal/features.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Storage } from '#storage';
import type { FeatureFlags } from '../features/feature-flags.ts';
import { assertAdmin, getOwnMember } from '../members/checks.ts';
import { findMembership } from '../members/member-store.ts';
import { findTeam } from '../team-store.ts';

interface Needs {
  readonly storage: Pick<Storage, 'reader'>;
  readonly features: FeatureFlags;
}

/** Feature flags as members of a team see and set them (reference client-api 9.2). */
export function featureRoutes({ storage: { reader }, features }: Needs): readonly ServedRoute[] {
  return [
    handle(client.getFeatureConfigs, async ({ user }) => ({
      status: 200,
      body: await features.list((await findMembership(reader, user.userId))?.team),
    })),
    handle(client.getTeamFeatures, async ({ user, params }) => {
      await getOwnMember(reader, params.tid, user.userId);
      return { status: 200, body: await features.list(params.tid) };
    }),
    handle(client.getTeamFeature, async ({ user, params }) => {
      await getOwnMember(reader, params.tid, user.userId);
      return { status: 200, body: await features.get(params.tid, params.feature) };
    }),
    handle(client.setTeamFeature, async ({ user, params, body }) => {
      assertAdmin(await getOwnMember(reader, params.tid, user.userId));
      return { status: 200, body: await features.set(params.tid, params.feature, body) };
    }),
  ];
}

/** The same for operators' tools, who are not asked which team they are of. */
export function internalFeatureRoutes({ storage: { reader }, features }: Needs): readonly ServedRoute[] {
  async function mustExist(team: TeamId): Promise<void> {
    if ((await findTeam(reader, team)) === undefined) throw refuse('no-team');
  }
  return [
    handle(internal.getFeature, async ({ params: { tid, feature } }) => {
      await mustExist(tid);
      return { status: 200, body: await features.get(tid, feature) };
    }),
    handle(internal.setFeature, async ({ params: { tid, feature }, body }) => {
      await mustExist(tid);
      return { status: 200, body: await features.patch(tid, feature, body) };
    }),
    handle(internal.patchFeature, async ({ params: { tid, feature }, body }) => {
      await mustExist(tid);
      return { status: 200, body: await features.patch(tid, feature, body) };
    }),
    handle(internal.lockFeature, async ({ params: { tid, feature, lock } }) => {
      await mustExist(tid);
      const { lockStatus } = await features.patch(tid, feature, { lockStatus: lock });
      return { status: 200, body: { lockStatus } };
    }),
  ];
}
