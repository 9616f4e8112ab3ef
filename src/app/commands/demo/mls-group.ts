import { setTimeout as delay } from 'node:timers/promises';
import { MlsClient, type MlsSeen, type MlsTestGroup, type TestUser } from '#testkit';
import type { RunningNetwork } from '../network/run.ts';
import { backendsOf } from './backends.ts';
import type { Story } from './story.ts';

/** Who is in the group, one on each backend. */
export interface MlsPeople {
  readonly alice: TestUser;
  readonly bob: TestUser;
  readonly carol: TestUser;
}

interface Members {
  readonly alices: MlsClient;
  readonly bobs: MlsClient;
  readonly carols: MlsClient;
}

const patienceMs = 20_000;

/** An MLS group over three backends: added to, joined, talked in, and two who change it at once. */
export async function playMlsGroup(story: Story, network: RunningNetwork, people: MlsPeople): Promise<void> {
  story.flow(
    'Flow: an MLS group',
    'Alice, Bob and Carol encrypt once for all (MLS) instead of once for each device (Proteus).',
  );
  const members = await registerClients(story, network, people);
  const group = await makeGroup(story, members, people);
  await talk(story, members, group);
  await race(story, members, group);
  await joinAlone(story, network, members, group);
}

async function registerClients(
  story: Story,
  network: RunningNetwork,
  { alice, bob, carol }: MlsPeople,
): Promise<Members> {
  const { a, b, c } = backendsOf(network);
  story.step('Each registers a device that speaks MLS, with key packages that others can add it by');
  const alices = await MlsClient.register(a, alice);
  const bobs = await MlsClient.register(b, bob);
  const carols = await MlsClient.register(c, carol);
  for (const { user, device } of [alices, bobs, carols])
    story.fact(`${user.name}'s`, `${device.identity}, 5 key packages at ${user.domain}`);
  return { alices, bobs, carols };
}

async function makeGroup(
  story: Story,
  { alices, bobs, carols }: Members,
  { bob, carol }: MlsPeople,
): Promise<MlsTestGroup> {
  story.step(
    'Alice makes a conversation, and adds the others by one commit (claim-key-packages, mls-welcome)',
  );
  const group = await alices.createGroup('Hello by MLS');
  story.fact('conversation', `${group.id}, owned by ${group.domain}`);
  const packages = await alices.claim(bob, carol);
  for (const bytes of packages)
    story.fact('claimed', `key package ${bytes.toString('base64').slice(0, 48)}…`);
  const answer = await alices.commit(group, { add: packages });
  const events = (answer.get('events') ?? []) as readonly { readonly type: string }[];
  story.fact('committed', `${answer.status}, ${events.map(({ type }) => type).join(', ')}`);
  for (const member of [bobs, carols]) {
    const { types } = await read(member, (seen) => seen.types.includes('conversation.mls-welcome'));
    const isIn = types.includes('conversation.mls-welcome');
    story.check(`${member.user.name} has joined by the welcome`, isIn, types.join(', '));
  }
  const epochs = [alices, bobs, carols].map(({ device }) => device.epoch(group.groupId));
  story.check('all are in the same epoch', new Set(epochs).size === 1, epochs.join(', '));
  return group;
}

async function talk(story: Story, members: Members, group: MlsTestGroup): Promise<void> {
  const { alices, bobs, carols } = members;
  story.step('Alice writes: one ciphertext, which her backend hands to both others (on-mls-message-sent)');
  await sendAndRead(story, group, alices, [bobs, carols], 'One for all.');
  story.step('Carol answers; A owns the group, so C hands it over (send-mls-message), and A to B');
  await sendAndRead(story, group, carols, [alices, bobs], 'All for one.');
}

async function sendAndRead(
  story: Story,
  group: MlsTestGroup,
  from: MlsClient,
  to: readonly MlsClient[],
  text: string,
): Promise<void> {
  const answer = await from.send(group, text);
  story.fact(`${from.user.name} wrote`, text);
  story.check('the owner has taken it', answer.status === 201, JSON.stringify(answer.body));
  for (const member of to) {
    const { texts } = await read(member, (seen) => seen.texts.length > 0);
    story.fact(`${member.user.name} reads`, texts.join(', '));
    const isSame = texts.length === 1 && texts[0] === text;
    story.check(`that is what ${from.user.name} wrote`, isSame, texts.join(', '));
  }
}

/** Of two commits for the same epoch the owner takes one. */
async function race(story: Story, { alices, bobs, carols }: Members, group: MlsTestGroup): Promise<void> {
  story.step('Bob and Carol change the keys at the same time (send-mls-commit-bundle): the owner takes one');
  const answers = await Promise.all([bobs.commit(group), carols.commit(group)]);
  const told = answers.map(({ status, body, get }) =>
    status === 201 ? '201' : `${status} ${String(get('label') ?? JSON.stringify(body))}`,
  );
  for (const [index, { user }] of [bobs, carols].entries())
    story.fact(`${user.name} is told`, `${told[index]}`);
  const isOneTaken = told.toSorted().join() === '201,409 mls-stale-message';
  story.check('one is taken, the other is told that it is stale', isOneTaken, told.join(', '));
  const [winner, loser] = told[0] === '201' ? [bobs, carols] : [carols, bobs];
  const now = winner.device.epoch(group.groupId);
  for (const member of [alices, loser]) {
    const isThere = () => member.device.epoch(group.groupId) === now;
    await read(member, isThere);
    story.check(`${member.user.name} goes on to epoch ${now}`, isThere(), 'an older one');
  }
}

async function joinAlone(
  story: Story,
  network: RunningNetwork,
  members: Members,
  group: MlsTestGroup,
): Promise<void> {
  const { alices, bobs, carols } = members;
  story.step("Bob's tablet joins without being added, by the group info that A gives out (external commit)");
  const tablet = await MlsClient.register(backendsOf(network).b, bobs.user);
  const answer = await tablet.joinExternally(group);
  story.check("the owner has taken the tablet's commit", answer.status === 201, JSON.stringify(answer.body));
  const now = tablet.device.epoch(group.groupId);
  for (const member of [alices, bobs, carols])
    await read(member, () => member.device.epoch(group.groupId) === now);
  await sendAndRead(story, group, alices, [bobs, carols, tablet], 'Welcome, tablet.');
}

/** Reads a client's stream until it has found enough, or for so long that there is nothing to come. */
async function read(client: MlsClient, isEnough: (seen: MlsSeen) => boolean): Promise<MlsSeen> {
  const deadline = performance.now() + patienceMs;
  for (let all: MlsSeen = { texts: [], types: [], failures: [] }; ; ) {
    const { texts, types, failures } = await client.catchUp();
    all = {
      texts: [...all.texts, ...texts],
      types: [...all.types, ...types],
      failures: [...all.failures, ...failures],
    };
    if (isEnough(all) || performance.now() > deadline) return all;
    await delay(20);
  }
}
