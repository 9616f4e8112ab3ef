import assert from 'node:assert/strict';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { NewMessage } from '#contract/messages.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import { type NetworkBackend, type TestAnswer, type TestUser, until } from '#testkit';
import { eventsOf, type Named, pathOf } from './conversation-rig.ts';
import { addClient } from './devices-rig.ts';

/** What the tests of messages between backends share: devices, what they send, and sockets that see it come. */

export interface Device {
  readonly user: TestUser;
  readonly client: string;
  readonly backend: NetworkBackend;
}

export async function deviceOf(user: TestUser, backend: NetworkBackend): Promise<Device> {
  return { user, backend, client: (await addClient(user, 1)).id };
}

/** A ciphertext that says what it is. */
export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A message of a device for others, the same text for all. */
export function messageFrom(
  { client }: Device,
  to: readonly Device[],
  text: string,
  more: Partial<NewMessage> = {},
): NewMessage {
  const recipients = new Map<BackendDomain, Map<UserId, Map<ClientId, string>>>();
  for (const device of to) {
    const domain = device.user.domain as BackendDomain;
    const users = recipients.get(domain) ?? new Map<UserId, Map<ClientId, string>>();
    const id = device.user.id as UserId;
    const clients = users.get(id) ?? new Map<ClientId, string>();
    recipients.set(domain, users.set(id, clients.set(device.client as ClientId, base64(text))));
  }
  return {
    sender: client as ClientId,
    recipients,
    nativePush: true,
    nativePriority: undefined,
    transient: false,
    data: undefined,
    strategy: { tag: 'report-all' },
    ...more,
  };
}

/** Sends over real HTTP. */
export async function post(
  { user, backend }: Device,
  conversation: Named,
  message: NewMessage,
): Promise<Pick<TestAnswer, 'status'> & { readonly body: Readonly<Record<string, unknown>> }> {
  const answer = await fetch(`${backend.clientApi}/v5${pathOf(conversation)}/proteus/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/x-protobuf' },
    body: writeQualifiedMessage(message),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
}

interface Frame {
  readonly payload: readonly { readonly type: string; readonly data?: { readonly text?: string } }[];
}

/** A client's socket, and the texts of the messages that it has seen. */
export interface Seeing extends AsyncDisposable {
  readonly texts: readonly string[];
  /** Waits until so many have come. */
  seen(count: number): Promise<readonly string[]>;
}

export async function openSocket({ user, client, backend }: Device): Promise<Seeing> {
  const query = new URLSearchParams({ client, access_token: user.token });
  const socket = new WebSocket(`${backend.websocket}/await?${query}`);
  socket.binaryType = 'arraybuffer';
  const texts: string[] = [];
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(Buffer.from(data as ArrayBuffer).toString('utf8')) as Frame;
    texts.push(...textsIn(frame.payload));
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`${user.name} gets no socket`)));
  });
  return {
    texts,
    async seen(count) {
      await until(`${user.name} to see ${count} messages`, () => texts.length >= count);
      return texts;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
      socket.close();
      await closed;
    },
  };
}

function textsIn(payload: Frame['payload']): readonly string[] {
  return payload
    .filter(({ type }) => type === 'conversation.otr-message-add')
    .map(({ data }) => Buffer.from(data?.text ?? '', 'base64').toString());
}

/** The texts in the stored stream of a user. */
export async function stored({ user }: Device): Promise<readonly string[]> {
  return textsIn((await eventsOf(user)) as Frame['payload']);
}

/** Waits until the stored stream has so many texts; more is a failure. */
export async function waitStored(device: Device, count: number): Promise<readonly string[]> {
  const found = await until(`${device.user.name} to have ${count} messages`, async () => {
    const texts = await stored(device);
    return texts.length >= count ? texts : undefined;
  });
  assert.equal(found.length, count, `${device.user.name} has ${found.join(', ')}`);
  return found;
}
