import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { NetworkBackend, TestUser } from '#testkit';
import { numberOf } from './writing.ts';

/** A client whose socket is looked at. */
export interface Watcher {
  readonly user: TestUser;
  readonly client: string;
  readonly backend: NetworkBackend;
}

/** Sockets of clients who all get the same messages. */
export interface Watching extends Disposable {
  /** Resolves when all watchers have seen the message with this number. */
  seen(number: number): Promise<void>;
}

export async function watch(watchers: readonly Watcher[]): Promise<Watching> {
  const left = new Map<number, { count: number; readonly seen: () => void }>();
  const onNumber = (number: number) => {
    const waiting = left.get(number);
    if (waiting === undefined) return;
    waiting.count -= 1;
    if (waiting.count > 0) return;
    left.delete(number);
    waiting.seen();
  };
  const sockets = await Promise.all(watchers.map((watcher) => openSocket(watcher, onNumber)));
  return {
    seen: (number) => new Promise((resolve) => left.set(number, { count: watchers.length, seen: resolve })),
    [Symbol.dispose]() {
      for (const socket of sockets) socket.terminate();
    },
  };
}

interface Frame {
  readonly payload: readonly { readonly type: string; readonly data: unknown }[];
}

async function openSocket({ user, client, backend }: Watcher, onNumber: (number: number) => void) {
  const socket = new WebSocket(
    `${backend.websocket}/await?${new URLSearchParams({ client, access_token: user.token })}`,
  );
  await once(socket, 'open');
  socket.on('message', (data: Buffer) => {
    const { payload } = JSON.parse(data.toString('latin1')) as Frame;
    for (const { type, data: content } of payload) {
      const text = textOf(type, content);
      if (text !== undefined) onNumber(numberOf(Buffer.from(text, 'base64')));
    }
  });
  return socket;
}

function textOf(type: string, content: unknown): string | undefined {
  if (type === 'conversation.otr-message-add') return (content as { readonly text: string }).text;
  return type === 'conversation.mls-message-add' ? String(content) : undefined;
}
