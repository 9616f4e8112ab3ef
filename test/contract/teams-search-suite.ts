import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTeamFeature } from '#contract/client/features.ts';
import { searchContacts } from '#contract/client/search.ts';
import { getSearchVisibility, putSearchVisibility } from '#contract/client/teams.ts';
import type { FeatureName } from '#contract/features.ts';
import type { TeamId } from '#contract/ids.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { refused } from './brig-rig.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** Whom members of a team find by name, and who finds them (reference client-api 3.3). */
export function teamSearchSuite(freshUrl: () => Promise<string>): void {
  const setFeature = (
    rig: TeamsRig,
    user: AuthenticatedUser,
    tid: TeamId,
    feature: FeatureName,
    status: string,
  ) => rig.send(setTeamFeature, { user, params: { tid, feature }, body: { status } });
  const setVisibility = (rig: TeamsRig, user: AuthenticatedUser, tid: TeamId, search_visibility: string) =>
    rig.send(putSearchVisibility, { user, params: { tid }, body: { search_visibility } });
  const getVisibility = async (rig: TeamsRig, user: AuthenticatedUser, tid: TeamId) =>
    (await rig.send(getSearchVisibility, { user, params: { tid } })).body.search_visibility;
  /** Everybody's name is the same. */
  const find = async (rig: TeamsRig, user: AuthenticatedUser) => {
    const { body } = await rig.send(searchContacts, { user, query: { q: 'somebody' } });
    return body.documents.map(({ id }) => id).toSorted();
  };

  describe('the search visibility of a team', () => {
    it('keeps its members from finding others by name, once the feature is on', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [member, stranger] = [await rig.addMember(team, 'member'), await rig.addStranger()];
      await rig.addOwner();
      assert.equal(await getVisibility(rig, member, team), 'standard');
      const everybody = [owner.userId, stranger.userId].toSorted();
      assert.deepEqual(await find(rig, member), everybody);
      await setFeature(rig, owner, team, 'searchVisibility', 'enabled');
      assert.equal((await setVisibility(rig, owner, team, 'no-name-outside-team')).status, 204);
      assert.equal(await getVisibility(rig, member, team), 'no-name-outside-team');
      assert.deepEqual(await find(rig, member), [owner.userId]);
      await setFeature(rig, owner, team, 'searchVisibility', 'disabled');
      assert.equal(await getVisibility(rig, member, team), 'standard');
      assert.deepEqual(await find(rig, member), everybody);
    });

    it('is set by admins only, where the feature is on, and read by members', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [member, stranger] = [await rig.addMember(team, 'member'), await rig.addStranger()];
      const inside = 'no-name-outside-team';
      const off = refused('team-search-visibility-not-enabled', 403);
      await assert.rejects(setVisibility(rig, owner, team, inside), off);
      await setFeature(rig, owner, team, 'searchVisibility', 'enabled');
      await assert.rejects(setVisibility(rig, member, team, inside), refused('operation-denied', 403));
      await assert.rejects(setVisibility(rig, stranger, team, inside), refused('no-team-member', 403));
      await assert.rejects(getVisibility(rig, stranger, team), refused('no-team-member', 403));
      await assert.rejects(setVisibility(rig, owner, team, 'nothing'), refused('bad-request', 400));
      assert.equal(await getVisibility(rig, owner, team), 'standard');
    });
  });

  describe('a team that lets itself be searched', () => {
    it('is found by members of other teams, by name, until it stops', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const other = await rig.addOwner();
      const stranger = await rig.addStranger();
      assert.deepEqual(await find(rig, other.owner), [stranger.userId]);
      await setFeature(rig, owner, team, 'searchVisibilityInbound', 'enabled');
      assert.deepEqual(await find(rig, other.owner), [owner.userId, stranger.userId].toSorted());
      assert.deepEqual(await find(rig, stranger), []);
      await setFeature(rig, owner, team, 'searchVisibilityInbound', 'disabled');
      assert.deepEqual(await find(rig, other.owner), [stranger.userId]);
    });
  });

  describe('searching', () => {
    it('is not for partners of a team', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { team } = await rig.addOwner();
      const partner = await rig.addMember(team, 'partner');
      await assert.rejects(find(rig, partner), refused('insufficient-permissions', 403));
    });
  });
}
