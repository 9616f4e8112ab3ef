import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { getActivate } from '#contract/client/registration.ts';
import { getSelf } from '#contract/client/self.ts';
import { getRichInfo, putUserEmail } from '#contract/client/team-mates.ts';
import { getActivationCode } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { refused } from './brig-rig.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** What members of a team may see and change of each other. */
export function teamMatesSuite(freshUrl: () => Promise<string>): void {
  const change = (rig: TeamsRig, user: AuthenticatedUser, uid: string, email: string) =>
    rig.send(putUserEmail, { user, params: { uid }, body: { email } });
  const look = (rig: TeamsRig, user: AuthenticatedUser, uid: string) =>
    rig.send(getRichInfo, { user, params: { uid } });
  const emailOf = async (rig: TeamsRig, user: AuthenticatedUser) =>
    (await rig.send(getSelf, { user })).body.email;

  describe("another member's e-mail address", () => {
    it('is changed by admins, once the code was given', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { team } = await rig.addOwner();
      const [admin, member] = [await rig.addMember(team, 'admin'), await rig.addMember(team, 'member')];
      const old = await emailOf(rig, member);
      const email = 'new@example.com';
      assert.deepEqual(await change(rig, admin, member.userId, email), { status: 200, body: [] });
      assert.equal(await emailOf(rig, member), old);
      const { body: query } = await rig.send(getActivationCode, { query: { email } });
      await rig.send(getActivate, { query });
      assert.equal(await emailOf(rig, member), email);
      assert.equal((await change(rig, admin, member.userId, email)).status, 200);
    });

    it('is left alone by other members, strangers and admins of other teams', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [member, stranger] = [await rig.addMember(team, 'member'), await rig.addStranger()];
      const { owner: other } = await rig.addOwner();
      const denied = refused('insufficient-permissions', 403);
      const email = 'new@example.com';
      await assert.rejects(change(rig, member, owner.userId, email), denied);
      await assert.rejects(change(rig, stranger, stranger.userId, email), denied);
      for (const target of [other, stranger, { userId: randomUUID() }]) {
        await assert.rejects(change(rig, owner, target.userId, email), refused('not-found', 404));
      }
    });

    it('does not become one that is none or taken', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      const taken = (await emailOf(rig, owner)) ?? '';
      await assert.rejects(change(rig, owner, member.userId, 'none'), refused('invalid-email', 400));
      await assert.rejects(change(rig, owner, member.userId, taken), refused('key-exists', 409));
    });
  });

  describe('what a directory has told of a member', () => {
    it('is shown to the team, and is nothing', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'partner');
      const { body } = await look(rig, member, owner.userId);
      assert.deepEqual(body, { version: 0, fields: [] });
    });

    it('is hidden from others', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner } = await rig.addOwner();
      const stranger = await rig.addStranger();
      const denied = refused('insufficient-permissions', 403);
      await assert.rejects(look(rig, stranger, owner.userId), denied);
      await assert.rejects(look(rig, stranger, stranger.userId), denied);
      await assert.rejects(look(rig, (await rig.addOwner()).owner, owner.userId), denied);
      await assert.rejects(look(rig, owner, randomUUID()), refused('not-found', 404));
    });
  });
}
