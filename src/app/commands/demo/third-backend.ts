import { setTimeout as delay } from 'node:timers/promises';
import { createUser, ProteusDevice, type TestAnswer, type TestUser } from '#testkit';
import type { ServeProcess } from '../network/child.ts';
import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';
import { allow } from './allow.ts';
import { type Backends, backendsOf } from './backends.ts';
import { addressOf, type Established } from './conversation-establishment.ts';
import { readAt, type Sent, send } from './messages.ts';
import { killAtOnce, startAgain } from './outage.ts';
import type { Story } from './story.ts';

const patienceMs = 20_000;

/** What the flow leaves behind. */
export interface ThirdBackend {
  readonly carol: TestUser;
  /** The process of C, which was started anew. */
  readonly again: ServeProcess;
}

/** A third backend joins the conversation, dies while the others go on, and has missed nothing when it is back. */
export async function playThirdBackend(
  story: Story,
  network: RunningNetwork,
  established: Established,
): Promise<ThirdBackend> {
  const backends = backendsOf(network);
  const { c } = backends;
  story.flow('Flow: a third backend', 'Carol at c.example.com joins Alice and Bob.');
  await allowAll(story, backends);
  const carols = await joinConversation(story, established, c);
  const first = await greet(story, established, carols);
  for (const device of [established.bobs, carols]) await readAt(story, device, first);
  const again = await talkOverAnOutage(story, established, carols, c);
  return { carol: carols.user, again };
}

async function allowAll(story: Story, { a, b, c }: Backends): Promise<void> {
  story.step('C is allowed by both, and allows both: whoever meets in a conversation has to federate');
  for (const remote of [a, b]) {
    await allow(story, remote, c);
    await allow(story, c, remote);
  }
}

async function joinConversation(
  story: Story,
  { alices, conversation }: Established,
  c: BackendDescription,
): Promise<ProteusDevice> {
  story.step('Carol connects with Alice, who adds her; A tells B and C with on-conversation-updated');
  const carol = await createUser(c, { name: 'Carol', handle: 'carol' });
  const carols = await ProteusDevice.register(carol);
  const alice = alices.user;
  await alice.send(`/connections/${c.domain}/${carol.id}`, { method: 'POST' });
  const accepted = { method: 'PUT', body: { status: 'accepted' } };
  await carol.send(`/connections/${alice.domain}/${alice.id}`, accepted);
  const path = `/conversations/${conversation.domain}/${conversation.id}`;
  const added = await alice.send(`${path}/members`, {
    body: { qualified_users: [{ domain: c.domain, id: carol.id }] },
  });
  story.fact('Alice added', `Carol, ${added.status}`);
  const seen = await seenBy(carol, path);
  const { others = [] } = (seen.get('members') ?? {}) as { readonly others?: readonly unknown[] };
  story.check('Carol sees two others in it', others.length === 2, JSON.stringify(seen.body));
  return carols;
}

/** C learns of it by a notification, which takes a moment. */
async function seenBy(user: TestUser, path: string): Promise<TestAnswer> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await user.send(path);
    if (answer.status === 200 || performance.now() > deadline) return answer;
    await delay(20);
  }
}

/** Alice's message for devices of two backends, after she has claimed a prekey of the new one. */
async function greet(
  story: Story,
  { alices, bobs, conversation }: Established,
  carols: ProteusDevice,
): Promise<Sent> {
  story.step('Alice writes to both: one message, two ciphertexts, one notification to each backend');
  await meet(alices, carols);
  return await send(story, conversation, {
    from: alices,
    to: [bobs, carols],
    text: 'Hello, all three of us.',
  });
}

async function meet(device: ProteusDevice, other: ProteusDevice): Promise<void> {
  const { domain, id } = other.user;
  const answer = await device.user.send(`/users/${domain}/${id}/prekeys/${other.clientId}`);
  device.meet(addressOf(other), answer.get('prekey') as { readonly id: number; readonly key: string });
}

async function talkOverAnOutage(
  story: Story,
  { alices, bobs, conversation }: Established,
  carols: ProteusDevice,
  c: BackendDescription,
): Promise<ServeProcess> {
  story.step("Carol's backend is killed; the others go on, and she has all of it when it is back");
  await meet(bobs, carols);
  killAtOnce(story, c);
  const fromBob = await send(story, conversation, {
    from: bobs,
    to: [alices, carols],
    text: 'Carol is away.',
  });
  const fromAlice = await send(story, conversation, {
    from: alices,
    to: [bobs, carols],
    text: 'She will read it later.',
  });
  await readAt(story, alices, fromBob);
  await readAt(story, bobs, fromAlice);
  const again = await startAgain(story, c);
  await readAt(story, carols, fromBob);
  await readAt(story, carols, fromAlice);
  story.say('   Everybody has everything.');
  return again;
}
