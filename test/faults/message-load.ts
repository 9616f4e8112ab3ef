import { setTimeout as delay } from 'node:timers/promises';
import type { TestNetwork } from '#testkit';
import { connect, createGroup, type Named, people } from '../federation/conversation-rig.ts';
import { type Device, deviceOf, messageFrom, post } from '../federation/messages-rig.ts';
import { openFollower } from './message-follower.ts';
import { MessageOracle } from './message-oracle.ts';

/** Messages under way in many conversations over all backends of a network, and who watches them arrive. */
export interface MessageLoad extends AsyncDisposable {
  readonly oracle: MessageOracle;
  /** Lets every sender finish what it has begun. */
  stop(): Promise<void>;
  /** Sends one message more into each conversation: what was before it has arrived with it. */
  sendLast(): Promise<void>;
}

export interface LoadOptions {
  readonly conversations: number;
  /** In all. */
  readonly messagesPerSecond: number;
}

interface Line {
  readonly name: string;
  readonly conversation: Named;
  readonly sender: Device;
  readonly others: readonly Device[];
  next: number;
}

const retryMs = 100;

/** One user on each backend, all in every conversation; the conversations' owners and senders take turns. */
export async function openMessageLoad(
  network: TestNetwork,
  { conversations, messagesPerSecond }: LoadOptions,
): Promise<MessageLoad> {
  await using stack = new AsyncDisposableStack();
  const devices = await openDevices(network);
  const oracle = new MessageOracle(devices.map(({ user }) => user.name));
  const followers = await Promise.all(devices.map((device) => openFollower(device, oracle)));
  for (const follower of followers) stack.use(follower);
  const lines = await openLines(devices, conversations);
  const stopping = new AbortController();
  stack.defer(() => stopping.abort());
  const pauseMs = (1_000 * lines.length) / messagesPerSecond;
  const running = lines.map((line) => keepSending(line, oracle, { pauseMs, signal: stopping.signal }));
  const owned = stack.move();
  return {
    oracle,
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
    async sendLast() {
      for (const line of lines) while (!(await sendNext(line, oracle))) await delay(retryMs);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all(running);
      await owned.disposeAsync();
    },
  };
}

async function openDevices({ backends }: TestNetwork): Promise<readonly Device[]> {
  const names = ['Alice', 'Bob', 'Carol', 'Dave'];
  const users = await people(...backends.map((backend, index) => [backend, names[index] ?? 'Eve'] as const));
  for (const [index, user] of users.entries())
    for (const other of users.slice(index + 1)) await connect(user, other);
  return Promise.all(
    backends.map((backend, index) => {
      const user = users[index];
      if (user === undefined) throw new Error(`no user on ${backend.domain}`);
      return deviceOf(user, backend);
    }),
  );
}

/** Two senders in each conversation: its owner's user and the next one, so that orders can differ. */
async function openLines(devices: readonly Device[], conversations: number): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (let index = 0; index < conversations; index += 1) {
    const [owner, ...rest] = rotated(devices, index);
    if (owner === undefined) throw new Error('no devices');
    const conversation = await createGroup(
      owner.user,
      rest.map(({ user }) => user),
    );
    for (const sender of [owner, ...rest.slice(0, 1)]) {
      const others = devices.filter((device) => device !== sender);
      lines.push({ name: String(index), conversation, sender, others, next: 0 });
    }
  }
  return lines;
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

interface Pace {
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

async function keepSending(line: Line, oracle: MessageOracle, { pauseMs, signal }: Pace): Promise<void> {
  while (!signal.aborted) {
    await sendNext(line, oracle);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** False when the answer was lost or a refusal: the message may have been taken or not, and is not sent again. */
async function sendNext(line: Line, oracle: MessageOracle): Promise<boolean> {
  const { name, conversation, sender, others } = line;
  const number = line.next;
  line.next += 1;
  const message = messageFrom(sender, others, `${name} ${sender.user.name} ${number}`, {
    strategy: { tag: 'ignore-all' },
  });
  try {
    const answer = await post(sender, conversation, message);
    if (answer.status !== 201) return false;
  } catch {
    return false;
  }
  oracle.acknowledge({ conversation: name, sender: sender.user.name, number });
  return true;
}
