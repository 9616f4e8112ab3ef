import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';

/** What users of another backend learn of a deletion (reference federation-api 7.8), also when theirs was down. */
describe('the deletion of a user', () => {
  let network: TestNetwork;
  let a: NetworkBackend;
  let b: NetworkBackend;

  before(async () => {
    network = await openNetwork({ backends: 2 });
    a = network.backend(0);
    b = network.backend(1);
  });
  after(() => network[Symbol.asyncDispose]());

  const path = (other: TestUser) => `/connections/${other.domain}/${other.id}`;
  const ask = (user: TestUser, other: TestUser) => user.send(path(other), { method: 'POST' });

  async function eventsOf(user: TestUser): Promise<readonly string[]> {
    const answer = await user.send('/notifications?size=1000');
    const list = answer.get('notifications') as readonly {
      readonly payload: readonly {
        readonly type: string;
        readonly connection?: { readonly status: string };
      }[];
    }[];
    return list
      .flatMap(({ payload }) => payload)
      .map(({ type, connection }) => (connection ? `${type} ${connection.status}` : type));
  }

  async function remove(user: TestUser): Promise<void> {
    const answer = await user.send('/self', { method: 'DELETE', body: { password: user.password } });
    assert.equal(answer.status, 200);
  }

  it('is learnt by a contact on another backend, and the connection is gone there', async () => {
    const [alice, bob] = [await createUser(a, { name: 'Alice' }), await createUser(b, { name: 'Bob' })];
    await ask(alice, bob);
    await ask(bob, alice);
    await remove(alice);
    await until('Bob to learn of it', async () => (await eventsOf(bob)).includes('user.delete'));
    assert.equal((await bob.send(path(alice))).status, 404);
    const seen = await bob.send(`/users/${alice.domain}/${alice.id}`);
    assert.deepEqual([seen.get('deleted'), seen.get('name')], [true, 'default']);
  });

  it('is learnt after the other backend was down, by contacts and by whoever was asked', async () => {
    const alice = await createUser(a, { name: 'Alice' });
    const [friend, asked] = [await createUser(b, { name: 'Friend' }), await createUser(b, { name: 'Asked' })];
    await ask(alice, friend);
    await ask(friend, alice);
    await ask(alice, asked);
    await network.kill(b);
    await remove(alice);
    // The deletion outlives its own backend, too.
    await network.kill(a);
    await network.start(a);
    await network.start(b);
    await until('the contact to learn of it', async () => (await eventsOf(friend)).includes('user.delete'));
    await until('the request to be withdrawn', async () =>
      (await eventsOf(asked)).includes('user.connection cancelled'),
    );
    await until('the rows to go', async () => (await asked.send(path(alice))).status === 404);
    assert.equal((await friend.send(path(alice))).status, 404);
    const told = (await eventsOf(asked)).filter((event) => event === 'user.connection cancelled');
    assert.equal(told.length, 1);
  });
});
