import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as client from '#contract/client/connections.ts';
import type { UserId } from '#contract/ids.ts';
import { createUser } from '#contract/internal/users.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { until } from '#testkit';
import { refused } from './brig-rig.ts';
import { domainOf, openPair, type Pair } from './connections-pair.ts';

const nobody = '6562d941-4f40-4db4-b96e-56a06d71c2c3';

interface People {
  readonly alice: AuthenticatedUser;
  readonly bob: AuthenticatedUser;
}

async function meet({ a, b }: Pair): Promise<People> {
  return { alice: await a.addUser('alice@example.com'), bob: await b.addUser('bob@example.com') };
}

type Side = 'a' | 'b';

const otherSide = (side: Side): Side => (side === 'a' ? 'b' : 'a');

function paramsTo(side: Side, people: People) {
  return { domain: domainOf(otherSide(side)), uid: (side === 'a' ? people.bob : people.alice).userId };
}

function actor(side: Side, people: People): AuthenticatedUser {
  return side === 'a' ? people.alice : people.bob;
}

function ask(pair: Pair, side: Side, people: People) {
  const user = actor(side, people);
  return pair[side].send(client.createConnection, { user, params: paramsTo(side, people) });
}

function put(pair: Pair, side: Side, people: People, status: client.Relation) {
  const request = { user: actor(side, people), params: paramsTo(side, people), body: { status } };
  return pair[side].send(client.updateConnection, request);
}

async function status(pair: Pair, side: Side, people: People): Promise<string> {
  const user = actor(side, people);
  const found = await pair[side].send(client.getConnection, { user, params: paramsTo(side, people) });
  return found.status === 200 ? found.body.status : 'none';
}

async function statuses(pair: Pair, people: People): Promise<string> {
  return `${await status(pair, 'a', people)} ${await status(pair, 'b', people)}`;
}

/** The statuses that a side's user was told of since the given push. */
function told(pair: Pair, side: Side, since = 0): readonly string[] {
  return pair[side].pushes.slice(since).flatMap(({ event }) => {
    if (event.type !== 'user.connection') return [];
    assert.equal('user' in event, false);
    return [(event as unknown as { readonly connection: client.UserConnection }).connection.status];
  });
}

/** Resolves when no side has anything left to tell the other again. */
async function settled({ a, b }: Pair): Promise<void> {
  await until('nothing to be left to settle', async () => {
    const left = await Promise.all(
      [a, b].map(({ storage }) => storage.reader.selectFrom('connection_intent').select('id').execute()),
    );
    return left.flat().length === 0;
  });
}

type Step = readonly [Side, 'ask' | client.Relation, number, string];

/** Reference federation-api 7.3, "Typical sequences": who does what, the answer's status, and both sides' rows. */
const sequences: Readonly<Record<string, readonly Step[]>> = {
  'ask, then accept': [
    ['a', 'ask', 201, 'sent pending'],
    ['b', 'accepted', 200, 'accepted accepted'],
    ['b', 'accepted', 200, 'accepted accepted'],
  ],
  'ask, ignore, and ask back later': [
    ['a', 'ask', 201, 'sent pending'],
    ['b', 'ignored', 200, 'sent ignored'],
    ['b', 'ask', 200, 'accepted accepted'],
  ],
  'ask, then cancel, then ask anew': [
    ['a', 'ask', 201, 'sent pending'],
    ['a', 'cancelled', 200, 'cancelled cancelled'],
    ['a', 'cancelled', 204, 'cancelled cancelled'],
    ['a', 'ask', 200, 'sent pending'],
  ],
  'accept, block untold, and unblock': [
    ['a', 'ask', 201, 'sent pending'],
    ['b', 'ask', 200, 'accepted accepted'],
    ['a', 'blocked', 200, 'blocked accepted'],
    ['a', 'blocked', 204, 'blocked accepted'],
    ['a', 'sent', 200, 'accepted accepted'],
  ],
  'a request to somebody who has blocked me stays unheard': [
    ['a', 'ask', 201, 'sent pending'],
    ['b', 'blocked', 200, 'sent blocked'],
    ['a', 'ask', 200, 'sent blocked'],
    ['a', 'cancelled', 200, 'cancelled blocked'],
  ],
  'withdraw an accepted connection, and want it again': [
    ['a', 'ask', 201, 'sent pending'],
    ['b', 'ask', 200, 'accepted accepted'],
    ['a', 'cancelled', 200, 'pending sent'],
    ['a', 'accepted', 200, 'accepted accepted'],
  ],
  'block somebody without a row, then connect': [
    ['a', 'blocked', 200, 'blocked none'],
    ['b', 'ask', 201, 'blocked sent'],
    ['a', 'accepted', 200, 'accepted accepted'],
  ],
};

/** Connections between users of two backends (reference client-api 3.4, federation-api 7.3). */
export function remoteConnectionSuite(freshUrls: () => Promise<readonly [string, string]>): void {
  describe('connections between two backends', () => {
    for (const [name, steps] of Object.entries(sequences))
      it(`go through: ${name}`, async () => {
        await using pair = await openPair(await freshUrls());
        const people = await meet(pair);
        for (const [side, action, expected, after] of steps) {
          const answer =
            action === 'ask' ? await ask(pair, side, people) : await put(pair, side, people, action);
          assert.deepEqual([answer.status, await statuses(pair, people)], [expected, after], action);
        }
      });

    it('carry the conversation that both sides compute, and tell each side its own row', async () => {
      await using pair = await openPair(await freshUrls());
      const people = await meet(pair);
      const asked = await ask(pair, 'a', people);
      const conversation = oneToOneConversation(
        'proteus',
        { domain: domainOf('a'), id: people.alice.userId },
        { domain: domainOf('b'), id: people.bob.userId },
      );
      assert.deepEqual(asked.body.qualified_conversation, conversation);
      const seen = await pair.b.send(client.getConnection, {
        user: people.bob,
        params: paramsTo('b', people),
      });
      assert.deepEqual(seen.status === 200 && seen.body.qualified_conversation, conversation);
      await put(pair, 'b', people, 'accepted');
      assert.deepEqual(told(pair, 'a'), ['sent', 'accepted']);
      assert.deepEqual(told(pair, 'b'), ['pending', 'accepted']);
    });

    it('refuse what has no transition without a row, and statuses that nobody can ask for', async () => {
      await using pair = await openPair(await freshUrls());
      const people = await meet(pair);
      for (const wanted of ['ignored', 'cancelled', 'pending', 'missing-legalhold-consent'] as const) {
        await assert.rejects(put(pair, 'a', people, wanted), refused('bad-conn-update', 403));
      }
      assert.equal(await statuses(pair, people), 'none none');
    });

    it('refuse nobody, users who are not activated, and callers without identity', async () => {
      await using pair = await openPair(await freshUrls());
      const people = await meet(pair);
      const toNobody = { ...people, bob: { ...people.bob, userId: nobody as UserId } };
      await assert.rejects(ask(pair, 'a', toNobody), refused('invalid-user', 400));
      const guest = await pair.a.send(createUser, { body: { name: 'Guest' } });
      const asGuest = { ...people, alice: { ...people.alice, userId: guest.body.id } };
      await assert.rejects(ask(pair, 'a', asGuest), refused('no-identity', 403));
      assert.equal(await status(pair, 'a', toNobody), 'none');
    });

    it('refuse a team that is not listed, on either side, without any row', async () => {
      for (const side of ['a', 'b'] as const) {
        const rules = {
          searchPolicyFor: () => 'no_search',
          handlePolicyFor: () => 'no_search',
          onlyInTeams: () => [],
          federatesWith: (_domain: string, team: string | null) => team !== null,
          federatesWithBackend: () => true,
        } as const;
        await using pair = await openPair(await freshUrls(), { [side]: { remoteRules: rules } });
        const people = await meet(pair);
        await assert.rejects(ask(pair, 'a', people), refused('team-not-federating', 403));
        assert.equal(await statuses(pair, people), 'none none');
      }
    });

    it('count towards the limit together with those of the own backend', async () => {
      const settings = { maxConnections: 1 };
      await using pair = await openPair(await freshUrls(), { a: { settings } });
      const people = await meet(pair);
      const carol = await pair.a.addUser('carol@example.com');
      const toCarol = { user: people.alice, params: { domain: domainOf('a'), uid: carol.userId } };
      await pair.a.send(client.createConnection, toCarol);
      await assert.rejects(ask(pair, 'a', people), refused('connection-limit', 403));
      await ask(pair, 'b', people);
      await assert.rejects(put(pair, 'a', people, 'accepted'), refused('connection-limit', 403));
      assert.equal(await statuses(pair, people), 'pending sent');
    });
  });

  describe('two sides at once', () => {
    it('that ask each other end accepted, round after round', async () => {
      await using pair = await openPair(await freshUrls());
      for (let round = 0; round < 5; round += 1) {
        const people = {
          alice: await pair.a.addUser(`alice${round}@example.com`),
          bob: await pair.b.addUser(`bob${round}@example.com`),
        };
        await Promise.all([
          ask(pair, 'a', people),
          ask(pair, 'b', people),
          ask(pair, 'a', people),
          ask(pair, 'b', people),
        ]);
        assert.equal(await statuses(pair, people), 'accepted accepted');
      }
    });

    it('do not take an answer that is out of date for the present', async () => {
      await using pair = await openPair(await freshUrls());
      const people = await meet(pair);
      await ask(pair, 'b', people);
      await ask(pair, 'a', people);
      // Bob withdraws while the answer that he wants the connection is on its way back to Alice.
      let once = true;
      pair.wire.pause = async (to, rpc) => {
        if (!once || to !== domainOf('b') || rpc !== 'send-connection-action') return;
        once = false;
        await put(pair, 'b', people, 'cancelled');
      };
      await ask(pair, 'a', people);
      assert.equal(await statuses(pair, people), 'sent pending');
    });

    it('that change their minds with several clients end with rows that fit', async () => {
      await using pair = await openPair(await freshUrls());
      const people = await meet(pair);
      await ask(pair, 'a', people);
      const fitting = new Set(['accepted accepted', 'sent pending', 'pending sent', 'cancelled cancelled']);
      for (let round = 0; round < 20; round += 1) {
        await Promise.allSettled([
          put(pair, 'a', people, 'cancelled'),
          put(pair, 'b', people, 'accepted'),
          put(pair, 'a', people, 'accepted'),
          put(pair, 'b', people, 'cancelled'),
        ]);
        await settled(pair);
        const found = await statuses(pair, people);
        assert.ok(fitting.has(found), `round ${round}: ${found}`);
      }
    });
  });

  describe('a call that goes wrong', () => {
    it('before it is heard is passed on and changes nothing', async () => {
      await using pair = await openPair(await freshUrls());
      const people = await meet(pair);
      pair.wire.fault = () => 'unheard';
      const down = refused('federation-connection-refused', 521);
      await assert.rejects(ask(pair, 'a', people), down);
      await assert.rejects(put(pair, 'a', people, 'blocked'), down);
      assert.deepEqual(pair.wire.arrived, []);
      pair.wire.fault = () => undefined;
      assert.equal(await statuses(pair, people), 'none none');
      assert.deepEqual(told(pair, 'a'), []);
    });

    it('after it was heard is taken back by itself', async () => {
      await using pair = await openPair(await freshUrls());
      const people = await meet(pair);
      pair.wire.fault = (_to, rpc) => (rpc === 'send-connection-action' ? 'lost' : undefined);
      await assert.rejects(ask(pair, 'a', people), refused('federation-connection-refused', 521));
      assert.equal(await statuses(pair, people), 'none pending');
      pair.wire.fault = () => undefined;
      await until('both sides to agree', async () => (await statuses(pair, people)) === 'none cancelled');
      await settled(pair);
    });

    it('does not undo what the user does meanwhile', async () => {
      await using pair = await openPair(await freshUrls());
      const people = await meet(pair);
      pair.wire.fault = (_to, rpc) => (rpc === 'send-connection-action' ? 'lost' : undefined);
      await assert.rejects(ask(pair, 'a', people), refused('federation-connection-refused', 521));
      pair.wire.fault = () => undefined;
      await ask(pair, 'a', people);
      await settled(pair);
      assert.equal(await statuses(pair, people), 'sent pending');
    });
  });
}
