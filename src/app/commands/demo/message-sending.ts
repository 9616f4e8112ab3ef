import type { ProteusDevice } from '#testkit';
import type { ServeProcess } from '../network/child.ts';
import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';
import { backendsOf } from './backends.ts';
import type { Established } from './conversation-establishment.ts';
import { readAt, send } from './messages.ts';
import { killAtOnce, startAgain } from './outage.ts';
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
  await sendAndRead(story, established, alices, bobs, 'Hello Bob, nobody else reads this.');
  story.step('Bob answers; the conversation is owned by A, so B hands it over with send-message');
  await sendAndRead(story, established, bobs, alices, 'Hello Alice, nor this.');
  return await sendOverAnOutage(story, established, b);
}

async function sendAndRead(
  story: Story,
  { conversation }: Established,
  from: ProteusDevice,
  to: ProteusDevice,
  text: string,
): Promise<void> {
  const sent = await send(story, conversation, { from, to: [to], text });
  await readAt(story, to, sent);
}

/** B is killed at once; what is sent meanwhile waits at A, durably, and arrives when B is back. */
async function sendOverAnOutage(
  story: Story,
  { conversation, alices, bobs }: Established,
  b: BackendDescription,
): Promise<ServeProcess> {
  story.step("Bob's backend is killed (kill -9); Alice writes all the same; it comes back");
  killAtOnce(story, b);
  const sent = await send(story, conversation, { from: alices, to: [bobs], text: 'Are you there?' });
  const again = await startAgain(story, b);
  await readAt(story, bobs, sent);
  return again;
}
