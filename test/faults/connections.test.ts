import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  type TestAnswer,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';

/**
 * Either side is killed somewhere between the request of a client and its answer; which point of the way that is comes
 * by chance. Whatever the client then does, ask again or not, both sides agree in the end.
 */
const rounds = 4;

const fitting: ReadonlySet<string> = new Set([
  'none none',
  'none cancelled',
  'cancelled none',
  'cancelled cancelled',
  'sent pending',
  'pending sent',
  'accepted accepted',
]);

describe('connections when a backend is killed in the middle', () => {
  for (const victim of ['asking', 'asked'] as const)
    it(`agree in the end when it is the ${victim} one`, async () => {
      await using network = await openNetwork({ backends: 2 });
      const [a, b] = [network.backend(0), network.backend(1)];
      for (let round = 0; round < rounds; round += 1) {
        const [alice, bob] = [await createUser(a, { name: 'Alice' }), await createUser(b, { name: 'Bob' })];
        if (round % 2 === 1) assert.equal((await ask(bob, alice)).status, 201);
        const asked = ask(alice, bob).catch(() => undefined);
        await killWithin(network, victim === 'asking' ? a : b, 3 * round);
        await asked;
        await network.start(victim === 'asking' ? a : b);
        await until(`round ${round}: both sides to agree`, async () =>
          fitting.has(await statuses(alice, bob)) ? true : undefined,
        );
      }
    });

  it('are accepted on both sides once the clients have tried again', async () => {
    await using network = await openNetwork({ backends: 2 });
    const [a, b] = [network.backend(0), network.backend(1)];
    const [alice, bob] = [await createUser(a, { name: 'Alice' }), await createUser(b, { name: 'Bob' })];
    const asked = ask(alice, bob).catch(() => undefined);
    await network.kill(b);
    await asked;
    await network.start(b);
    await until('Alice to have asked', async () => isDone(await ask(alice, bob)));
    const accepted = ask(bob, alice).catch(() => undefined);
    await network.kill(b);
    await accepted;
    await network.start(b);
    await until('Bob to have accepted', async () => isDone(await ask(bob, alice)));
    await until('both sides to agree', async () => (await statuses(alice, bob)) === 'accepted accepted');
  });
});

const path = (other: TestUser) => `/connections/${other.domain}/${other.id}`;

function ask(user: TestUser, other: TestUser): Promise<TestAnswer> {
  return user.send(path(other), { method: 'POST' });
}

function isDone({ status }: TestAnswer): boolean {
  return status === 200 || status === 201;
}

async function statuses(one: TestUser, other: TestUser): Promise<string> {
  const answers = [await one.send(path(other)), await other.send(path(one))];
  return answers.map((answer) => (answer.status === 404 ? 'none' : String(answer.get('status')))).join(' ');
}

/** Lets the event loop turn a number of times, so that each kill meets another point of the way. */
async function killWithin(network: TestNetwork, backend: NetworkBackend, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  await network.kill(backend);
}
