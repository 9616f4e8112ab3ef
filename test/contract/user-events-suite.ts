import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createConnection } from '#contract/client/connections.ts';
import { getActivate, register } from '#contract/client/registration.ts';
import { putSelf, putSelfHandle, putSelfLocale, putSelfSupportedProtocols } from '#contract/client/self.ts';
import type { UserId } from '#contract/ids.ts';
import { getActivationCode, putUserName } from '#contract/internal/users.ts';
import { withoutTeams } from '../../src/brig/accounts/team-needs.ts';
import { openRig } from './brig-rig.ts';

const team = '6562d941-4f40-4db4-b96e-56a06d71c2c3';

/** Events about changes of an account (reference events 3). */
export function userEventSuite(freshUrl: () => Promise<string>): void {
  describe('a change of a profile', () => {
    it('is told to own clients, accepted contacts and team mates, with what has changed', async () => {
      const mates: UserId[] = [];
      const teams = { ...withoutTeams, listMembers: async () => mates };
      await using rig = await openRig(await freshUrl(), { teams });
      const alice = await rig.addUser('alice@example.com');
      const friend = await rig.addUser('friend@example.com');
      const mate = await rig.addUser('mate@example.com');
      const asked = await rig.addUser('asked@example.com');
      const params = ({ userId }: { readonly userId: string }) => ({ domain: 'a.example.com', uid: userId });
      await rig.send(createConnection, { user: alice, params: params(friend) });
      await rig.send(createConnection, { user: friend, params: params(alice) });
      await rig.send(createConnection, { user: alice, params: params(asked) });
      mates.push(alice.userId, mate.userId);
      await rig.storage.work(({ db }) =>
        db.updateTable('account').set({ team }).where('id', 'in', [alice.userId, mate.userId]).execute(),
      );
      const since = rig.pushes.length;
      await rig.send(putSelf, { user: alice, body: { name: 'Alicia', accent_id: 3 } });
      await rig.send(putSelf, { user: alice, body: {} });
      await rig.send(putSelfHandle, { user: alice, body: { handle: 'alicia' } });
      await rig.send(putSelfHandle, { user: alice, body: { handle: 'alicia' } });
      await rig.send(putSelfSupportedProtocols, { user: alice, body: { supported_protocols: ['mls'] } });
      await rig.send(putUserName, { params: { uid: alice.userId }, body: { name: 'Alice' } });
      const pushes = rig.pushes.slice(since);
      const everybody = [alice.userId, friend.userId, mate.userId].toSorted();
      for (const { recipients, route } of pushes) {
        assert.deepEqual(recipients.map(({ user }) => user).toSorted(), everybody);
        assert.equal(route, 'direct');
      }
      const id = alice.userId;
      assert.deepEqual(
        pushes.map(({ event }) => event),
        [
          { name: 'Alicia', accent_id: 3 },
          { handle: 'alicia' },
          { supported_protocols: ['mls'] },
          { name: 'Alice' },
        ].map((change) => ({ type: 'user.update', user: { id, ...change, sso_id_deleted: false } })),
      );
      const origin = { user: id, connectionId: alice.connectionId };
      assert.deepEqual(
        pushes.map((push) => push.origin),
        [origin, origin, origin, undefined],
      );
    });

    it('of the language is told to own clients only', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      await rig.send(putSelfLocale, { user, body: { locale: 'fr_CH' } });
      const [push] = rig.pushes;
      const { userId: id } = user;
      assert.deepEqual(push?.recipients, [{ user: id }]);
      const changed = { id, locale: 'fr-CH', sso_id_deleted: false };
      assert.deepEqual(push?.event, { type: 'user.update', user: changed });
    });

    it('by activation is told to own clients with the whole profile', async () => {
      await using rig = await openRig(await freshUrl());
      const email = 'alice@example.com';
      const { body } = await rig.send(register, {
        body: { name: 'Alice', email, password: 'correct-horse' },
      });
      const code = (await rig.send(getActivationCode, { query: { email } })).body;
      await rig.send(getActivate, { query: { ...code } });
      const [push] = rig.pushes;
      assert.deepEqual(push?.recipients, [{ user: body.id }]);
      assert.deepEqual(push?.event, { type: 'user.activate', user: { ...body, email } });
    });
  });
}
