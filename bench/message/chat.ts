import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { WebSocket } from 'ws';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import {
  createUser,
  lastResortId,
  makePrekey,
  makePrekeys,
  type NetworkBackend,
  type TestAnswer,
  type TestUser,
} from '#testkit';

/** What Wire's clients send for a short text. */
const ciphertextBytes = 300;

/** One user on A who writes to one on B. */
export interface Chat extends AsyncDisposable {
  /**
   * Sends so many messages, always `window` of them on their way, and resolves when B's client has seen the last.
   * @returns milliseconds from each request to its frame on B's socket
   */
  run(messages: number, window: number): Promise<readonly number[]>;
}

/** Two users, each with a device, who are connected and in a conversation of A. */
export async function openChat(a: NetworkBackend, b: NetworkBackend): Promise<Chat> {
  const [alice, bob] = await Promise.all([createUser(a, { name: 'Alice' }), createUser(b, { name: 'Bob' })]);
  const [from, to] = await Promise.all([addClient(alice), addClient(bob)]);
  mustBe(201, await alice.send(`/connections/${bob.domain}/${bob.id}`, { method: 'POST' }));
  const accepted = { method: 'PUT', body: { status: 'accepted' } };
  mustBe(200, await bob.send(`/connections/${alice.domain}/${alice.id}`, accepted));
  const group = { name: 'bench', qualified_users: [{ domain: bob.domain, id: bob.id }] };
  const made = mustBe(201, await alice.send('/conversations', { body: group }));
  const { domain, id } = made.get('qualified_id') as { readonly domain: string; readonly id: string };
  const socket = new WebSocket(
    `${b.websocket}/await?${new URLSearchParams({ client: to, access_token: bob.token })}`,
  );
  await once(socket, 'open');
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const url = new URL(`${a.clientApi}/v5/conversations/${domain}/${id}/proteus/messages`);
  return {
    run: (messages, window) =>
      exchange({ url, agent, token: alice.token, socket, write: writerFor(from, bob, to) }, messages, window),
    async [Symbol.asyncDispose]() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
      agent.destroy();
    },
  };
}

/** Registers a device. Returns its id. */
export async function addClient(user: TestUser): Promise<string> {
  const keys = { prekeys: makePrekeys(0, 1), lastkey: makePrekey(lastResortId) };
  const body = { type: 'permanent', password: user.password, ...keys };
  return String(mustBe(201, await user.send('/clients', { body })).get('id'));
}

/** Fails with the answer. */
export function mustBe(status: number, answer: TestAnswer): TestAnswer {
  if (answer.status === status) return answer;
  throw new Error(`found ${answer.status} ${JSON.stringify(answer.body)}, expected ${status}`);
}

/** Makes the n-th message: its number stands at the front of the ciphertext. */
function writerFor(sender: string, { domain, id }: TestUser, client: string): (number: number) => Buffer {
  const bytes = Buffer.alloc(ciphertextBytes, 'x');
  return (number) => {
    bytes.writeUInt32BE(number);
    const text = bytes.toString('base64');
    return writeQualifiedMessage({
      sender: sender as ClientId,
      recipients: new Map([
        [domain as BackendDomain, new Map([[id as UserId, new Map([[client as ClientId, text]])]])],
      ]),
      nativePush: true,
      nativePriority: undefined,
      transient: false,
      data: undefined,
      strategy: { tag: 'report-all' },
    });
  };
}

interface Ends {
  readonly url: URL;
  readonly agent: Agent;
  readonly token: string;
  readonly socket: WebSocket;
  write(number: number): Buffer;
}

async function exchange(ends: Ends, messages: number, window: number): Promise<readonly number[]> {
  const begun: number[] = [];
  const took: number[] = [];
  const waiting = new Map<number, () => void>();
  const onFrame = (data: Buffer) => {
    const number = numberIn(data);
    const seen = number === undefined ? undefined : waiting.get(number);
    if (number === undefined || seen === undefined) return;
    waiting.delete(number);
    took.push(performance.now() - (begun[number] ?? Number.NaN));
    seen();
  };
  ends.socket.on('message', onFrame);
  let next = 0;
  const sendOneByOne = async (): Promise<void> => {
    while (next < messages) {
      const number = next;
      next += 1;
      begun[number] = performance.now();
      const seen = new Promise<void>((resolve) => waiting.set(number, resolve));
      await Promise.all([post(ends, ends.write(number)), seen]);
    }
  };
  try {
    await Promise.all(Array.from({ length: window }, sendOneByOne));
  } finally {
    ends.socket.off('message', onFrame);
  }
  return took;
}

interface Frame {
  readonly payload: readonly { readonly type: string; readonly data: { readonly text: string } }[];
}

function numberIn(data: Buffer): number | undefined {
  const [event] = (JSON.parse(data.toString('latin1')) as Frame).payload;
  if (event?.type !== 'conversation.otr-message-add') return undefined;
  return Buffer.from(event.data.text.slice(0, 8), 'base64').readUInt32BE();
}

function post({ url, agent, token }: Ends, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-protobuf',
      'content-length': body.length,
    };
    const sent = httpRequest(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () =>
        answer.statusCode === 201 ? resolve() : reject(new Error(`found ${answer.statusCode}`)),
      );
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
