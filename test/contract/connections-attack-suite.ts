import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BrigNeeds } from '#brig';
import * as client from '#contract/client/connections.ts';
import { deleteSelf } from '#contract/client/self.ts';
import {
  getNotFullyConnectedBackends,
  maxDeletedConnections,
  onUserDeletedConnections,
  sendConnectionAction,
} from '#contract/federation/brig.ts';
import { type BackendDomain, parseBackendDomain } from '#contract/ids.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import type { Rpc } from '#contract/rpc.ts';
import { createDispatcher } from '#contract/rpc-dispatch.ts';
import { openRig, password, type Rig } from './brig-rig.ts';

/** What remotes may not do with connections (R5, R18), whatever they write into a body. */

function domain(text: string): BackendDomain {
  const parsed = parseBackendDomain(text);
  if (parsed === undefined) throw new Error(`${text} is not a domain`);
  return parsed;
}

const b = domain('b.example.com');
const c = domain('c.example.com');
const bob = '2a3d4b5c-1111-4222-8333-444455556666';

async function call(rig: Rig, origin: BackendDomain, rpc: Rpc, input: unknown) {
  const dispatcher = createDispatcher(rig.brig.rpcs, {
    onBug(error) {
      throw error;
    },
  });
  const answer = await dispatcher.send({
    component: rpc.component,
    rpc: rpc.name,
    originDomain: origin,
    requestId: 'attack',
    version: '1',
    body: Buffer.from(JSON.stringify(input)),
    signal: new AbortController().signal,
  });
  const text = Buffer.from(answer.body as Uint8Array).toString('utf8');
  return { status: answer.status, body: JSON.parse(text) as Record<string, unknown> };
}

function act(rig: Rig, origin: BackendDomain, to: string, action: string, from = bob) {
  return call(rig, origin, sendConnectionAction, { from, from_team: null, to, action });
}

async function statusOf(rig: Rig, user: AuthenticatedUser, of: BackendDomain): Promise<string> {
  const found = await rig.send(client.getConnection, { user, params: { domain: of, uid: bob } });
  return found.status === 200 ? found.body.status : 'none';
}

const ok = (contents: unknown) => ({ status: 200, body: { tag: 'NewConnectionResponseOk', contents } });

export function connectionAttackSuite(freshUrl: () => Promise<string>): void {
  describe('R5 send-connection-action', () => {
    it('acts for users of the caller only: another backend with the same id is somebody else', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      assert.deepEqual(await act(rig, b, alice.userId, 'RemoteConnect'), ok(null));
      assert.deepEqual(await act(rig, c, alice.userId, 'RemoteRescind'), ok('RemoteRescind'));
      assert.deepEqual([await statusOf(rig, alice, b), await statusOf(rig, alice, c)], ['pending', 'none']);
    });

    it('reaches nobody who is unknown, deleted or without identity, and says no more than that', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      await rig.send(deleteSelf, { user: alice, body: { password } });
      const refused = { status: 200, body: { tag: 'NewConnectionResponseUserNotActivated' } };
      for (const to of [alice.userId, bob]) {
        assert.deepEqual(await act(rig, b, to, 'RemoteConnect'), refused);
      }
      assert.equal(await statusOf(rig, alice, b), 'none');
    });

    it('from a blocked user changes nothing, tells nobody, and looks as if it was heard', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      await act(rig, b, alice.userId, 'RemoteConnect');
      await rig.storage.work(({ db }) => db.updateTable('connection').set({ status: 'blocked' }).execute());
      const since = rig.pushes.length;
      for (const action of ['RemoteConnect', 'RemoteRescind']) {
        assert.deepEqual(await act(rig, b, alice.userId, action), ok(null));
      }
      assert.equal(rig.pushes.length, since);
      assert.equal(await statusOf(rig, alice, b), 'blocked');
    });

    it('cannot accept for the own user what that one has never asked', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      for (const action of ['RemoteConnect', 'RemoteConnect', 'RemoteRescind', 'RemoteConnect']) {
        assert.deepEqual(await act(rig, b, alice.userId, action), ok(null));
      }
      assert.equal(await statusOf(rig, alice, b), 'pending');
    });

    it('of a team that is not allowed is refused before anything about the user is said', async () => {
      const remoteRules: BrigNeeds['remoteRules'] = {
        searchPolicyFor: () => 'no_search',
        handlePolicyFor: () => 'no_search',
        onlyInTeams: () => [],
        federatesWith: () => false,
        federatesWithBackend: (name) => name === b,
      };
      await using rig = await openRig(await freshUrl(), { remoteRules });
      const alice = await rig.addUser('alice@example.com');
      const refused = { status: 200, body: { tag: 'NewConnectionResponseNotFederating' } };
      for (const to of [alice.userId, bob]) {
        assert.deepEqual(await act(rig, b, to, 'RemoteConnect'), refused);
      }
      const asked = await call(rig, b, getNotFullyConnectedBackends, { domains: [b, c, c] });
      assert.deepEqual(asked.body, { non_connected_backends: [c] });
    });

    it('that is malformed is refused with the field and stores nothing', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      const good = { from: bob, from_team: null, to: alice.userId, action: 'RemoteConnect' };
      const bad = [
        {},
        [],
        null,
        { ...good, from: 'bob' },
        { ...good, to: { domain: 'a.example.com', id: alice.userId } },
        { ...good, from_team: 7 },
        { ...good, action: 'RemoteAccept' },
        { ...good, action: undefined },
      ];
      for (const input of bad) {
        const answer = await call(rig, b, sendConnectionAction, input);
        assert.deepEqual([answer.status, answer.body.label], [400, 'bad-request']);
      }
      assert.equal(await statusOf(rig, alice, b), 'none');
    });
  });

  describe('R5 on-user-deleted-connections', () => {
    const gone = (users: readonly string[]) => ({ user: bob, connections: users });

    it('removes the connections of the caller’s user only', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      for (const origin of [b, c]) await act(rig, origin, alice.userId, 'RemoteConnect');
      assert.deepEqual((await call(rig, c, onUserDeletedConnections, gone([alice.userId]))).body, {});
      assert.deepEqual([await statusOf(rig, alice, b), await statusOf(rig, alice, c)], ['pending', 'none']);
    });

    it('tells nobody who has not accepted, nor anybody without a connection', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      const carol = await rig.addUser('carol@example.com');
      await act(rig, b, alice.userId, 'RemoteConnect');
      const since = rig.pushes.length;
      await call(rig, b, onUserDeletedConnections, gone([alice.userId, carol.userId, bob]));
      assert.equal(rig.pushes.length, since);
    });

    it('R18: five times tells the contact once', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      await act(rig, b, alice.userId, 'RemoteConnect');
      await rig.storage.work(({ db }) => db.updateTable('connection').set({ status: 'accepted' }).execute());
      await Promise.all(
        Array.from({ length: 5 }, () => call(rig, b, onUserDeletedConnections, gone([alice.userId]))),
      );
      assert.equal(rig.pushes.filter(({ event }) => event.type === 'user.delete').length, 1);
    });

    it('of nobody, of too many or of what is no id is refused', async () => {
      await using rig = await openRig(await freshUrl());
      const many = Array.from({ length: maxDeletedConnections + 1 }, () => bob);
      for (const users of [[], many, ['bob']]) {
        const answer = await call(rig, b, onUserDeletedConnections, gone(users));
        assert.deepEqual([answer.status, answer.body.label], [400, 'bad-request']);
      }
    });
  });
}
