import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createUser, MlsClient, openNetwork, type TestUser, until } from '#testkit';
import { type Claimed, claimOf } from '../federation/key-packages-rig.ts';

/*
 * A hundred users on three backends claim the key packages of one client at once, while the backend that owns it is
 * killed again and again. A key package that somebody was given must never be given again: neither to another claimant
 * nor after the crash. Claims whose answer was lost in a crash may cost a key package each, nothing else.
 */

const keyPackageCount = 400;
const claimants = 100;
const kills = 2;

for (const storage of ['sqlite', 'postgres'] as const) {
  describe(`key packages on ${storage}`, () => {
    it('are given once, whoever claims at once and whenever the owner crashes', async () => {
      await using network = await openNetwork({ backends: 3, storage });
      const owner = network.backend(1);
      const bob = await createUser(owner, { name: 'Bob' });
      const phone = await MlsClient.register(owner, bob, 0);
      const uploaded = await phone.uploadKeyPackages(keyPackageCount);
      const users = await Promise.all(
        network.backends.map((backend, index) => createUser(backend, { name: `Claimant ${index}` })),
      );
      const given: Claimed[] = [];
      const claimAtOnce = () =>
        Promise.all(
          Array.from({ length: claimants }, async (_, turn) => {
            given.push(...(await claimed(users[turn % users.length] as TestUser, bob)));
          }),
        );

      for (let round = 0; round < kills; round += 1) {
        const enough = given.length + 10;
        const running = claimAtOnce();
        await until('some claims to be answered', () => given.length >= enough);
        await network.kill(owner);
        await running;
        await network.start(owner);
        await until('the owner to be reached again from everywhere', async () => {
          const seen = await Promise.all(users.map((user) => user.send(`/users/${bob.domain}/${bob.id}`)));
          return seen.every(({ status }) => status === 200);
        });
      }
      await until('no key package to be left', async () => {
        await claimAtOnce();
        return (await phone.countKeyPackages()) === 0;
      });
      assertGivenOnce(given, uploaded);
    });
  });
}

/** One claim; nothing when no answer came. */
async function claimed(user: TestUser, target: TestUser): Promise<readonly Claimed[]> {
  try {
    const answer = await claimOf(user, target);
    return answer.status === 200 ? (answer.get('key_packages') as readonly Claimed[]) : [];
  } catch (error) {
    // The connection broke when the owner was killed; anything else is a fault of the test.
    if (error instanceof TypeError) return [];
    throw error;
  }
}

function assertGivenOnce(given: readonly Claimed[], uploaded: readonly string[]): void {
  const texts = given.map((entry) => entry.key_package);
  const known = new Set(uploaded);
  assert.ok(
    texts.every((text) => known.has(text)),
    'every key package is one of those uploaded',
  );
  assert.equal(new Set(texts).size, texts.length, 'none was given twice');
  // Each crash can lose the answers of the claims that ran, no more.
  assert.ok(
    texts.length >= keyPackageCount - kills * claimants,
    `${texts.length} of ${keyPackageCount} were given`,
  );
}
