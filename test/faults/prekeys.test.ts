import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createUser,
  lastResortId,
  logIn,
  makePrekey,
  makePrekeys,
  openNetwork,
  type TestPrekey,
  type TestUser,
  until,
} from '#testkit';

/*
 * A hundred clients on three backends claim the prekeys of one client at once, while the backend that owns it is killed
 * again and again. A key that somebody was given must never be given again: neither to another claimant nor after the
 * crash; and the last-resort key only comes when no other is left. Claims whose answer was lost in a crash may cost a
 * key each, nothing else.
 */

const keyCount = 240;
const claimants = 100;
const kills = 2;

for (const storage of ['sqlite', 'postgres'] as const) {
  describe(`prekeys on ${storage}`, () => {
    it('are given once, whoever claims at once and whenever the owner crashes', async () => {
      await using network = await openNetwork({ backends: 3, storage });
      const owner = network.backend(1);
      const bob = await createUser(owner, { name: 'Bob' });
      const keys = { prekeys: makePrekeys(0, keyCount), lastkey: makePrekey(lastResortId) };
      const body = { type: 'permanent', ...keys };
      const clientId = String((await bob.send('/clients', { body })).get('id'));
      const users = await Promise.all(
        network.backends.map((backend, index) => createUser(backend, { name: `Claimant ${index}` })),
      );
      const path = `/users/${bob.domain}/${bob.id}`;
      const given: TestPrekey[] = [];
      const claim = async (user: TestUser, turn: number): Promise<void> => {
        const prekey = await claimOne(user, path, bob, clientId, turn);
        if (prekey !== undefined) given.push(prekey);
      };
      const claimAtOnce = () =>
        Promise.all(
          Array.from({ length: claimants }, (_, turn) => claim(users[turn % users.length] as TestUser, turn)),
        );

      for (let round = 0; round < kills; round += 1) {
        const enough = given.length + 10;
        const running = claimAtOnce();
        await until('some claims to be answered', () => given.length >= enough);
        await network.kill(owner);
        await running;
        await network.start(owner);
        await until('the owner to be reached again from everywhere', async () => {
          const seen = await Promise.all(users.map((user) => user.send(`${path}/clients/${clientId}`)));
          return seen.every(({ status }) => status === 200);
        });
      }
      const claimed = () => given.filter(({ id }) => id === lastResortId);
      await until('no other key to be left', async () => {
        await claimAtOnce();
        return claimed().length > 0;
      });
      const again = await logIn(owner, { email: bob.email, password: bob.password, name: bob.name });
      assert.deepEqual((await again.send(`/clients/${clientId}/prekeys`)).body, [lastResortId]);
      assertGivenOnce(
        given,
        new Map([...keys.prekeys, keys.lastkey].map((prekey) => [prekey.id, prekey.key])),
      );
    });
  });
}

/** One claim by one of the three ways; undefined when no answer came. */
async function claimOne(
  user: TestUser,
  path: string,
  { domain, id }: TestUser,
  clientId: string,
  turn: number,
): Promise<TestPrekey | undefined> {
  try {
    if (turn % 3 === 0) {
      const answer = await user.send(`${path}/prekeys/${clientId}`);
      return answer.status === 200 ? (answer.get('prekey') as TestPrekey) : undefined;
    }
    if (turn % 3 === 1) {
      const answer = await user.send(`${path}/prekeys`);
      if (answer.status !== 200) return undefined;
      const [first] = answer.get('clients') as readonly { readonly prekey: TestPrekey }[];
      return first?.prekey;
    }
    const answer = await user.send('/users/list-prekeys', { body: { [domain]: { [id]: [clientId] } } });
    const all = answer.get('qualified_user_client_prekeys') as
      | Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, TestPrekey>>>>>>
      | undefined;
    return all?.[domain]?.[id]?.[clientId];
  } catch (error) {
    // The connection broke when the owner was killed; anything else is a fault of the test.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function assertGivenOnce(given: readonly TestPrekey[], sent: ReadonlyMap<number, string>): void {
  for (const { id, key } of given) assert.equal(key, sent.get(id), `the key of id ${id} is the one uploaded`);
  const oneTime = given.filter(({ id }) => id !== lastResortId).map(({ id }) => id);
  assert.equal(new Set(oneTime).size, oneTime.length, 'no key was given twice');
  // Each crash can lose the answers of the claims that ran, no more.
  assert.ok(
    oneTime.length >= keyCount - kills * claimants,
    `${oneTime.length} of ${keyCount} keys were given`,
  );
}
