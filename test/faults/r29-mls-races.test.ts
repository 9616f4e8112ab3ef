import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MlsClient, openNetwork, type TestNetwork, until } from '#testkit';
import { expectStatus } from '../federation/conversation-rig.ts';
import { followed } from '../federation/mls-rig.ts';
import { crashAt } from './crash-at.ts';
import { epochOf, type MlsWriters, openMlsWriters } from './mls-writers.ts';

/*
 * R29: eight members on three backends commit at once, again and again, while the owner of their group is killed. Each
 * epoch ends by one commit; who was late is told so, and follows. `CROSSWIRE_FAULTS` sets the number of epochs for each
 * database.
 */

const epochs = Number(process.env.CROSSWIRE_FAULTS ?? 30);
const writerCount = 8;
/** Nothing that is awaited for one epoch takes longer. */
const patienceMs = 10_000;
/** So often the owner dies twice: at any moment, and as soon as it is up again right after one of its commits. */
const strikes = Math.ceil(epochs / 500);

for (const storage of ['sqlite', 'postgres'] as const)
  describe(`R29 ${epochs} commits by ${writerCount} writers on ${storage}`, () => {
    it('ends each epoch once, also when the owner is killed, and everybody follows', async (t) => {
      await using network = await openNetwork({ backends: 3, storage });
      const writers = await openMlsWriters(network, writerCount);
      await Promise.all([writers.write(epochs), killOwner(network, writers)]);
      const { oracle, failures } = writers;
      const { disputed, unexpected, ...counts } = oracle.verdict(await writers.meet());
      t.diagnostic(JSON.stringify(counts));
      assert.deepEqual([disputed, unexpected, failures], [[], [], []]);
      await assertOneSecret(writers);
      await assertTalking(network, writers);
    });
  });

/** An answer that is lost right after a commit is one of a writer whose epoch has ended without its knowing. */
async function killOwner(network: TestNetwork, { oracle }: MlsWriters): Promise<void> {
  const owner = network.backend(0);
  for (let strike = 1; strike <= strikes; strike += 1) {
    const enough = (epochs * strike) / (strikes + 2);
    await until(`${enough} epochs to end`, () => oracle.taken >= enough, epochs * patienceMs);
    await network.kill(owner);
    await crashAt(network, owner, 'after-commit');
    await network.start(owner);
  }
}

async function assertOneSecret({ members, group }: MlsWriters): Promise<void> {
  const secrets = await Promise.all(members.map(({ device }) => device.exportSecret(group.groupId)));
  assert.equal(new Set(secrets.map((secret) => secret.toString('hex'))).size, 1);
}

/** One more joins by the last group info, and each reads what all others say. */
async function assertTalking(network: TestNetwork, { members, group }: MlsWriters): Promise<void> {
  const [, host] = members;
  assert.ok(host);
  const late = await MlsClient.register(network.backend(1), host.user);
  expectStatus(await late.joinExternally(group), 201);
  const epoch = epochOf(late, group);
  for (const member of members) await followed(member, () => epochOf(member, group) === epoch);
  const all = [...members, late];
  for (const member of all) expectStatus(await member.send(group, `from ${member.clientId}`), 201);
  for (const member of all) {
    const { texts, failures } = await followed(member, (seen) => seen.texts.length >= all.length - 1);
    const expected = all.filter((each) => each !== member).map(({ clientId }) => `from ${clientId}`);
    assert.deepEqual([texts.toSorted(), failures], [expected.toSorted(), []]);
  }
}
