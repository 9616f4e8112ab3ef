import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as client from '#contract/client/connections.ts';
import { register } from '#contract/client/registration.ts';
import {
  forceConnections,
  getContacts,
  listOwnDomainStatuses,
  listStatuses,
} from '#contract/internal/connections.ts';
import { localOneToOneConversation } from '#contract/one-to-one.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { openRig, type Rig, refused } from './brig-rig.ts';

const domain = 'a.example.com';
const nobody = '6562d941-4f40-4db4-b96e-56a06d71c2c3';

function to(other: AuthenticatedUser) {
  return { domain, uid: other.userId };
}

function ask(rig: Rig, user: AuthenticatedUser, other: AuthenticatedUser) {
  return rig.send(client.createConnection, { user, params: to(other) });
}

function put(rig: Rig, user: AuthenticatedUser, other: AuthenticatedUser, status: client.Relation) {
  return rig.send(client.updateConnection, { user, params: to(other), body: { status } });
}

async function statuses(rig: Rig, one: AuthenticatedUser, other: AuthenticatedUser) {
  const of = async (user: AuthenticatedUser, params: { domain: string; uid: string }) => {
    const found = await rig.send(client.getConnection, { user, params });
    return found.status === 200 ? found.body.status : 'none';
  };
  return [await of(one, to(other)), await of(other, to(one))];
}

/** `user.connection` events as `recipient:status`, with the actor's name when told, since the given push. */
function connectionEvents(rig: Rig, people: Readonly<Record<string, AuthenticatedUser>>, since: number) {
  const nameOf = (id: string) => Object.entries(people).find(([, { userId }]) => userId === id)?.[0] ?? id;
  return rig.pushes.slice(since).flatMap((push) => {
    if (push.event.type !== 'user.connection') return [];
    const { connection, user } = push.event as unknown as {
      readonly connection: client.UserConnection;
      readonly user?: { readonly name: string };
    };
    assert.deepEqual(push.recipients, [{ user: connection.from }]);
    return [`${nameOf(connection.from)}:${connection.status}${user ? ` by ${user.name}` : ''}`];
  });
}

interface People {
  readonly rig: Rig;
  readonly alice: AuthenticatedUser;
  readonly bob: AuthenticatedUser;
}

/** Connections between users of one backend (reference client-api 3.4). */
export function ownConnectionSuite(freshUrl: () => Promise<string>): void {
  async function meet(rig: Rig): Promise<People> {
    const alice = await rig.addUser('alice@example.com');
    const bob = await rig.addUser('bob@example.com');
    return { rig, alice, bob };
  }

  describe('asking a user of the same backend', () => {
    it('makes both rows with one conversation, and tells both; the other one learns who asks', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      const asked = await ask(rig, alice, bob);
      assert.equal(asked.status, 201);
      const conversation = localOneToOneConversation(domain as never, alice.userId, bob.userId);
      assert.deepEqual(asked.body, {
        from: alice.userId,
        to: bob.userId,
        qualified_to: { domain, id: bob.userId },
        status: 'sent',
        last_update: new Date(rig.clock.now).toISOString(),
        conversation: conversation.id,
        qualified_conversation: conversation,
      });
      assert.deepEqual(await statuses(rig, alice, bob), ['sent', 'pending']);
      assert.deepEqual(connectionEvents(rig, { alice, bob }, 0), [
        'bob:pending by alice@example.com',
        'alice:sent',
      ]);
      const origin = { user: alice.userId, connectionId: alice.connectionId };
      for (const push of rig.pushes) assert.deepEqual(push.origin, origin);
    });

    it('twice is asking once: the row stays, and answers 200', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      const first = await ask(rig, alice, bob);
      const again = await ask(rig, alice, bob);
      assert.equal(again.status, 200);
      assert.equal(again.body.qualified_conversation?.id, first.body.qualified_conversation?.id);
      assert.deepEqual(await statuses(rig, alice, bob), ['sent', 'pending']);
    });

    it('who has asked me accepts, for both', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      await ask(rig, alice, bob);
      const since = rig.pushes.length;
      assert.equal((await ask(rig, bob, alice)).status, 200);
      assert.deepEqual(await statuses(rig, alice, bob), ['accepted', 'accepted']);
      assert.deepEqual(connectionEvents(rig, { alice, bob }, since), [
        'alice:accepted by bob@example.com',
        'bob:accepted',
      ]);
    });

    it('at once from both sides ends accepted on both', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          index % 2 === 0 ? ask(rig, alice, bob) : ask(rig, bob, alice),
        ),
      );
      assert.equal(answers.filter(({ status }) => status === 201).length, 1);
      assert.deepEqual(await statuses(rig, alice, bob), ['accepted', 'accepted']);
    });

    it('refuses oneself, nobody, users without identity, team mates and blocked ones', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      const guest = { ...bob, userId: (await rig.send(register, { body: { name: 'Guest' } })).body.id };
      await assert.rejects(ask(rig, alice, alice), refused('invalid-user', 400));
      await assert.rejects(
        ask(rig, alice, { ...bob, userId: nobody as never }),
        refused('invalid-user', 400),
      );
      await assert.rejects(ask(rig, alice, guest), refused('invalid-user', 400));
      await assert.rejects(ask(rig, guest, alice), refused('no-identity', 403));
      await assert.rejects(ask(rig, guest, guest), refused('invalid-user', 400));
      await ask(rig, alice, bob);
      await put(rig, bob, alice, 'blocked');
      await assert.rejects(ask(rig, bob, alice), refused('bad-conn-update', 403));
      await rig.storage.work(async ({ db }) => {
        await db.updateTable('account').set({ team: nobody }).execute();
      });
      await assert.rejects(ask(rig, alice, bob), refused('same-binding-team-users', 403));
    });

    it('does not tell that one is blocked', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      await ask(rig, alice, bob);
      await put(rig, bob, alice, 'blocked');
      await put(rig, alice, bob, 'cancelled');
      const since = rig.pushes.length;
      const again = await ask(rig, alice, bob);
      assert.deepEqual([again.status, again.body.status], [200, 'sent']);
      assert.deepEqual(await statuses(rig, alice, bob), ['sent', 'blocked']);
      assert.deepEqual(connectionEvents(rig, { alice, bob }, since), []);
    });
  });

  describe('changing a connection with a user of the same backend', () => {
    it('goes through accept, block and unblock, and tells whose row changes', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      await ask(rig, alice, bob);
      const steps: readonly (readonly [
        AuthenticatedUser,
        AuthenticatedUser,
        client.Relation,
        string[],
        string[],
      ])[] = [
        [bob, alice, 'ignored', ['sent', 'ignored'], ['bob:ignored']],
        [
          bob,
          alice,
          'accepted',
          ['accepted', 'accepted'],
          ['alice:accepted by bob@example.com', 'bob:accepted'],
        ],
        [alice, bob, 'blocked', ['blocked', 'accepted'], ['alice:blocked']],
        [bob, alice, 'blocked', ['blocked', 'blocked'], ['bob:blocked']],
        [alice, bob, 'accepted', ['accepted', 'blocked'], ['alice:accepted']],
        [bob, alice, 'sent', ['accepted', 'accepted'], ['bob:accepted']],
      ];
      for (const [user, other, wanted, after, told] of steps) {
        const since = rig.pushes.length;
        const answer = await put(rig, user, other, wanted);
        assert.equal(answer.status, 200);
        assert.deepEqual(await statuses(rig, alice, bob), after, wanted);
        assert.deepEqual(connectionEvents(rig, { alice, bob }, since), told, wanted);
      }
      assert.equal((await put(rig, bob, alice, 'accepted')).status, 204);
    });

    it('withdraws a request on both sides, and asks anew afterwards', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      await ask(rig, alice, bob);
      const since = rig.pushes.length;
      assert.equal((await put(rig, alice, bob, 'cancelled')).status, 200);
      assert.deepEqual(await statuses(rig, alice, bob), ['cancelled', 'cancelled']);
      assert.deepEqual(connectionEvents(rig, { alice, bob }, since), ['bob:cancelled', 'alice:cancelled']);
      assert.equal((await ask(rig, bob, alice)).status, 200);
      assert.deepEqual(await statuses(rig, alice, bob), ['pending', 'sent']);
    });

    it('refuses what has no row, and what the table does not have', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      await assert.rejects(put(rig, alice, bob, 'accepted'), refused('not-connected', 403));
      await assert.rejects(put(rig, alice, alice, 'accepted'), refused('not-connected', 403));
      await ask(rig, alice, bob);
      await assert.rejects(put(rig, alice, bob, 'accepted'), refused('bad-conn-update', 403));
      await assert.rejects(put(rig, bob, alice, 'sent'), refused('bad-conn-update', 403));
      await assert.rejects(
        put(rig, bob, alice, 'missing-legalhold-consent'),
        refused('bad-conn-update', 403),
      );
      await assert.rejects(put(rig, bob, alice, 'friends' as never), refused('bad-request', 400));
      assert.deepEqual(await statuses(rig, alice, bob), ['sent', 'pending']);
    });
  });

  describe('the limit of connections', () => {
    it('counts what is sent and accepted, and refuses one more on each way', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { maxConnections: 2 } });
      const { alice, bob } = await meet(rig);
      const others = await Promise.all(['c', 'd', 'e'].map((name) => rig.addUser(`${name}@example.com`)));
      const [carol = bob, dave = bob, eve = bob] = others;
      await ask(rig, alice, bob);
      await ask(rig, carol, alice);
      await put(rig, alice, carol, 'accepted');
      await assert.rejects(ask(rig, alice, dave), refused('connection-limit', 403));
      await ask(rig, eve, alice);
      await assert.rejects(ask(rig, alice, eve), refused('connection-limit', 403));
      await assert.rejects(put(rig, alice, eve, 'accepted'), refused('connection-limit', 403));
      assert.equal((await ask(rig, alice, bob)).status, 200);
      await put(rig, alice, bob, 'cancelled');
      assert.equal((await put(rig, alice, eve, 'accepted')).status, 200);
    });

    it('holds under requests at once', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { maxConnections: 3 } });
      const { alice } = await meet(rig);
      const others = await Promise.all(
        Array.from({ length: 6 }, (_, index) => rig.addUser(`user${index}@example.com`)),
      );
      const asked = await Promise.allSettled(others.map((other) => ask(rig, alice, other)));
      assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 3);
    });
  });

  describe('listing connections', () => {
    it('goes page by page, own users first, each once', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      const carol = await rig.addUser('carol@example.com');
      for (const other of [bob, carol]) await ask(rig, alice, other);
      const remotes = ['b.example.com', 'c.example.com'].map((remote) => ({ domain: remote, id: nobody }));
      for (const other of remotes) {
        const body = { tag: 'CreateConnectionForTest', user: alice.userId, other };
        await rig.send(forceConnections, { body });
      }
      const found: string[] = [];
      let state: string | null = null;
      for (let page = 0; page < 5; page += 1) {
        const body: unknown = { size: 1, paging_state: state };
        const answer = await rig.send(client.listConnections, { user: alice, body });
        found.push(
          ...answer.body.connections.map(({ qualified_to: other }) => `${other.domain} ${other.id}`),
        );
        state = answer.body.paging_state;
        if (!answer.body.has_more) break;
      }
      const own = [bob.userId, carol.userId].toSorted().map((id) => `${domain} ${id}`);
      assert.deepEqual(found, [...own, `b.example.com ${nobody}`, `c.example.com ${nobody}`]);
      const whole = await rig.send(client.listConnections, { user: alice, body: {} });
      assert.deepEqual([whole.body.connections.length, whole.body.has_more], [4, false]);
    });

    it('refuses sizes out of bounds and states that are none', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice } = await meet(rig);
      for (const body of [{ size: 0 }, { size: 501 }, { paging_state: 'x' }, { paging_state: 'Ag' }]) {
        await assert.rejects(
          rig.send(client.listConnections, { user: alice, body }),
          refused('bad-request', 400),
        );
      }
    });

    it('of version 1 lists own users only, from an id on', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      const request = { user: alice, body: { user: bob.userId, name: 'Bob' } };
      assert.equal((await rig.send(client.createOwnDomainConnection, request)).status, 201);
      const listed = await rig.send(client.listOwnDomainConnections, { user: alice, query: { size: '10' } });
      assert.deepEqual(
        listed.body.connections.map(({ to: other }) => other),
        [bob.userId],
      );
      const rest = await rig.send(client.listOwnDomainConnections, {
        user: alice,
        query: { start: bob.userId },
      });
      assert.deepEqual(rest.body, { connections: [], has_more: false });
      const params = { uid: alice.userId };
      const changed = await rig.send(client.updateOwnDomainConnection, {
        user: bob,
        params,
        body: { status: 'accepted' },
      });
      assert.equal(changed.status, 200);
      assert.equal((await rig.send(client.getOwnDomainConnection, { user: bob, params })).status, 200);
    });
  });

  describe("operators' routes of connections", () => {
    it('tell how users stand, suspend connections and lift that', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, bob } = await meet(rig);
      const carol = await rig.addUser('carol@example.com');
      await ask(rig, alice, bob);
      await put(rig, bob, alice, 'accepted');
      await ask(rig, alice, carol);
      const from = [alice.userId];
      const all = await rig.send(listOwnDomainStatuses, { body: { from } });
      assert.equal(all.body.length, 2);
      const sent = await rig.send(listOwnDomainStatuses, { body: { from }, query: { filter: 'sent' } });
      assert.deepEqual(sent.body, [{ from: alice.userId, to: carol.userId, status: 'sent' }]);
      const qualified = { domain, id: bob.userId };
      const pair = await rig.send(listStatuses, { body: { from, to: [qualified] } });
      assert.deepEqual(pair.body, [{ from: alice.userId, qualified_to: qualified, status: 'accepted' }]);
      const none = await rig.send(listStatuses, { body: { from, to: [qualified], relation: 'sent' } });
      assert.deepEqual(none.body, []);
      const contacts = await rig.send(getContacts, { params: { uid: alice.userId } });
      assert.deepEqual(contacts.body, { ids: [bob.userId] });

      const block = { tag: 'BlockForMissingLHConsent', user: alice.userId, others: [bob.userId] };
      await rig.send(forceConnections, { body: block });
      const suspended = 'missing-legalhold-consent';
      assert.deepEqual(await statuses(rig, alice, bob), [suspended, suspended]);
      await assert.rejects(put(rig, alice, bob, 'accepted'), refused('bad-conn-update', 403));
      await rig.send(forceConnections, { body: { tag: 'RemoveLHBlocksInvolving', user: alice.userId } });
      assert.deepEqual(await statuses(rig, alice, bob), ['accepted', 'accepted']);
      const stranger = { tag: 'BlockForMissingLHConsent', user: bob.userId, others: [carol.userId] };
      await assert.rejects(rig.send(forceConnections, { body: stranger }), refused('not-connected', 403));
    });
  });
}
