import { ProteusDevice, type TestAnswer } from '#testkit';
import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';
import { backendsOf } from './backends.ts';
import type { Story } from './story.ts';
import type { People } from './user-discovery.ts';

/** What the flow leaves behind: devices that can encrypt for each other, and a conversation that both are in. */
export interface Established {
  readonly alices: ProteusDevice;
  readonly bobs: ProteusDevice;
  readonly conversation: { readonly domain: string; readonly id: string };
}

/** Flow "Conversation Establishment" of the specification. */
export async function playConversationEstablishment(
  story: Story,
  network: RunningNetwork,
  people: People,
): Promise<Established> {
  const { a, b } = backendsOf(network);
  story.flow('Flow: Conversation Establishment', 'Alice and Bob connect, and Alice opens a conversation.');
  const { alices, bobs } = await registerDevices(story, people);
  await connect(story, people, a, b);
  await claimPrekeys(story, people, alices, bobs, b);
  const conversation = await createConversation(story, people, a, b);
  return { alices, bobs, conversation };
}

async function registerDevices(story: Story, { alice, bob }: People) {
  story.step('Both register a device: it makes its keys and gives its own backend prekeys to hand out');
  const alices = await ProteusDevice.register(alice);
  const bobs = await ProteusDevice.register(bob);
  story.fact("Alice's device", `${alices.clientId}, its private keys are here, in this process`);
  story.fact("Bob's device", `${bobs.clientId}, likewise`);
  return { alices, bobs };
}

async function connect(
  story: Story,
  { alice, bob }: People,
  a: BackendDescription,
  b: BackendDescription,
): Promise<void> {
  story.step('Alice asks Bob to connect; her backend tells his with send-connection-action; Bob accepts');
  const asked = await alice.send(`/connections/${b.domain}/${bob.id}`, { method: 'POST' });
  story.fact('Alice asked', `POST /v5/connections/${b.domain}/${bob.id}: ${statusOf(asked)}`);
  const accepted = await bob.send(`/connections/${a.domain}/${alice.id}`, {
    method: 'PUT',
    body: { status: 'accepted' },
  });
  story.fact('Bob accepted', `PUT /v5/connections/${a.domain}/${alice.id}: ${statusOf(accepted)}`);
  const seen = await alice.send(`/connections/${b.domain}/${bob.id}`);
  story.fact('Alice sees', statusOf(seen));
  story.check(
    'both backends hold the same connection',
    accepted.get('status') === 'accepted' && seen.get('status') === 'accepted',
    `${JSON.stringify(accepted.body)} and ${JSON.stringify(seen.body)}`,
  );
}

function statusOf(answer: TestAnswer): string {
  return `${answer.status}, ${String(answer.get('status') ?? JSON.stringify(answer.body))}`;
}

interface PrekeyBundles {
  readonly clients: readonly {
    readonly client: string;
    readonly prekey: { readonly id: number; readonly key: string };
  }[];
}

async function claimPrekeys(
  story: Story,
  { alice, bob }: People,
  alices: ProteusDevice,
  bobs: ProteusDevice,
  b: BackendDescription,
): Promise<void> {
  story.step("Alice's client needs a prekey of each of Bob's devices; her backend claims them from his");
  const answer = await alice.send(`/users/${b.domain}/${bob.id}/prekeys`);
  const { clients = [] } = answer.body as Partial<PrekeyBundles>;
  const [claimed] = clients;
  story.fact('asked', `GET /v5/users/${b.domain}/${bob.id}/prekeys (claim-prekey-bundle at B)`);
  story.fact('came back', `prekey ${claimed?.prekey.id} of device ${claimed?.client}, gone from B's stock`);
  const found = claimed?.client === bobs.clientId;
  story.check("it is a prekey of Bob's device", found, JSON.stringify(answer.body));
  if (claimed !== undefined) alices.meet(addressOf(bobs), claimed.prekey);
  story.say('   From here on Alice can encrypt for Bob, and neither backend can read it.');
}

/** How the flows name a device. */
export function addressOf({ user, clientId }: ProteusDevice): string {
  return `${user.id}@${user.domain}/${clientId}`;
}

async function createConversation(
  story: Story,
  { alice, bob }: People,
  a: BackendDescription,
  b: BackendDescription,
): Promise<{ readonly domain: string; readonly id: string }> {
  story.step('Alice opens a conversation with Bob; A owns it and tells B with on-conversation-created');
  const answer = await alice.send('/conversations', {
    body: {
      name: 'Hello across backends',
      protocol: 'proteus',
      qualified_users: [{ domain: b.domain, id: bob.id }],
    },
  });
  const made = answer.get('qualified_id') as { readonly domain: string; readonly id: string } | undefined;
  story.fact('Alice made', `${answer.status}, conversation ${made?.id} owned by ${made?.domain}`);
  const seen = await bob.send(`/conversations/${a.domain}/${made?.id}`);
  story.fact('Bob sees', `${seen.status}, "${String(seen.get('name'))}" (get-conversations, asked of A)`);
  const told = await bob.send('/notifications?size=1000');
  const types = eventTypes(told);
  story.fact("Bob's stream", types.join(', '));
  story.check(
    "Bob's client was told of the conversation",
    types.includes('conversation.create') && seen.status === 200,
    `${JSON.stringify(seen.body)}, ${types.join(', ')}`,
  );
  return made ?? { domain: a.domain, id: '' };
}

interface StoredNotifications {
  readonly notifications: readonly { readonly payload: readonly { readonly type: string }[] }[];
}

function eventTypes(answer: TestAnswer): readonly string[] {
  const { notifications = [] } = answer.body as Partial<StoredNotifications>;
  return notifications.flatMap(({ payload }) => payload.map(({ type }) => type));
}
