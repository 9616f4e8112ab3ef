import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackendDomain, ClientId, ConversationId, UserId } from '#contract/ids.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import type { ProteusDevice } from '#testkit';
import { openServeProcess, type ServeProcess } from '../network/child.ts';
import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';
import { addressOf, type Established } from './conversation-establishment.ts';
import { backendsOf } from './pair.ts';
import type { Story } from './story.ts';

/**
 * Flow "Message Sending" of the specification: there, back, and over an outage of the receiver's backend.
 * @returns the process of B, which was started anew.
 */
export async function playMessageSending(
  story: Story,
  network: RunningNetwork,
  established: Established,
): Promise<ServeProcess> {
  const { b } = backendsOf(network);
  const { alices, bobs } = established;
  story.flow('Flow: Message Sending', 'What Alice writes is encrypted on her device and read on his alone.');
  story.step("Alice writes to Bob; A asks B for Bob's devices (get-user-clients), stores, and tells B");
  await sendAndRead(story, established, {
    from: alices,
    to: bobs,
    text: 'Hello Bob, nobody else reads this.',
  });
  story.step('Bob answers; the conversation is owned by A, so B hands it over with send-message');
  await sendAndRead(story, established, { from: bobs, to: alices, text: 'Hello Alice, nor this.' });
  return await sendOverAnOutage(story, established, b);
}

interface Message {
  readonly from: ProteusDevice;
  readonly to: ProteusDevice;
  readonly text: string;
}

async function sendAndRead(story: Story, { conversation }: Established, message: Message): Promise<void> {
  const ciphertext = await send(story, conversation, message);
  await readAt(story, message, ciphertext);
}

/** Sends, and gives the ciphertext in base64. */
async function send(
  story: Story,
  { domain, id }: Established['conversation'],
  { from, to, text }: Message,
): Promise<string> {
  const ciphertext = from.encrypt(addressOf(to), text).toString('base64');
  const body = writeQualifiedMessage({
    sender: from.clientId as ClientId,
    recipients: new Map([
      [
        to.user.domain as BackendDomain,
        new Map([[to.user.id as UserId, new Map([[to.clientId as ClientId, ciphertext]])]]),
      ],
    ]),
    strategy: { tag: 'report-all' },
    nativePush: true,
    nativePriority: undefined,
    transient: false,
    data: undefined,
  });
  const path = `/conversations/${domain}/${id as ConversationId}/proteus/messages`;
  const answer = await from.user.send(path, { raw: { type: 'application/x-protobuf', bytes: body } });
  story.fact(`${from.user.name} wrote`, text);
  story.fact('went out as', `${ciphertext.slice(0, 48)}… to device ${to.clientId} (${body.length} bytes)`);
  story.check(
    'the owner has taken it',
    answer.status === 201,
    `${answer.status} ${JSON.stringify(answer.body)}`,
  );
  return ciphertext;
}

interface StoredMessages {
  readonly notifications: readonly {
    readonly payload: readonly {
      readonly type: string;
      readonly data?: { readonly text?: string; readonly recipient?: string };
    }[];
  }[];
}

const patienceMs = 20_000;

/** Waits for the ciphertext in the receiver's stream and decrypts it. */
async function readAt(story: Story, { from, to, text }: Message, ciphertext: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let arrived = 0;
  while (arrived === 0 && performance.now() < deadline) {
    const answer = await to.user.send(`/notifications?size=1000&client=${to.clientId}`);
    const { notifications = [] } = answer.body as Partial<StoredMessages>;
    arrived = notifications
      .flatMap(({ payload }) => payload)
      .filter(({ data }) => data?.text === ciphertext).length;
    if (arrived === 0) await delay(50);
  }
  story.check(`it is in the stream of ${to.user.name}'s device, once`, arrived === 1, `${arrived} times`);
  const read = await to.decrypt(addressOf(from), Buffer.from(ciphertext, 'base64'));
  story.fact(`${to.user.name} reads`, read);
  story.check(`that is what ${from.user.name} wrote`, read === text, read);
}

/** B is killed at once; what is sent meanwhile waits at A, durably, and arrives when B is back. */
async function sendOverAnOutage(
  story: Story,
  { conversation, alices, bobs }: Established,
  b: BackendDescription,
): Promise<ServeProcess> {
  story.step("Bob's backend is killed (kill -9); Alice writes all the same; it comes back");
  for (const pid of b.pids) process.kill(pid, 'SIGKILL');
  story.fact('killed', `process ${b.pids.join(', ')} of ${b.domain}`);
  const message = { from: alices, to: bobs, text: 'Are you there?' };
  const ciphertext = await send(story, conversation, message);
  const again = openServeProcess(['--config', b.config], join(dirname(b.config), 'backend.log'), 15_000);
  const { pids } = await again.ready;
  story.fact('started', `process ${pids.join(', ')}, on the same data`);
  await readAt(story, message, ciphertext);
  return again;
}
