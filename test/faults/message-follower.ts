import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Device } from '../federation/messages-rig.ts';
import type { MessageOracle } from './message-oracle.ts';

/**
 * A client that never gives up: it opens its socket, reads what it missed by `since`, then takes what comes live; when
 * the socket breaks it starts again. What the socket brings and the stored stream brought already it drops by its id,
 * as Wire's clients do; anything else that comes twice the oracle sees twice.
 */
export interface Follower extends AsyncDisposable {}

interface Notification {
  readonly id: string;
  readonly payload: readonly { readonly type: string; readonly data?: { readonly text?: string } }[];
}

const retryMs = 100;

export async function openFollower(device: Device, oracle: MessageOracle): Promise<Follower> {
  const closing = new AbortController();
  const state: State = { device, oracle, last: undefined, signal: closing.signal };
  const opened = Promise.withResolvers<void>();
  const running = (async () => {
    while (!closing.signal.aborted) {
      await follow(state, opened.resolve).catch(() => undefined);
      if (!closing.signal.aborted) await delay(retryMs);
    }
  })();
  await opened.promise;
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}

interface State {
  readonly device: Device;
  readonly oracle: MessageOracle;
  readonly signal: AbortSignal;
  /** Id of the last notification that was taken. */
  last: string | undefined;
}

/** One life of the socket. Resolves when it ends. */
async function follow(state: State, onCaughtUp: () => void): Promise<void> {
  const { user, client, backend } = state.device;
  const query = new URLSearchParams({ client, access_token: user.token });
  const socket = new WebSocket(`${backend.websocket}/await?${query}`);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  state.signal.addEventListener('abort', () => socket.terminate(), { once: true });
  const waiting: Notification[] = [];
  let stored: ReadonlySet<string> | undefined;
  socket.on('message', (data: Buffer) => {
    const notification = JSON.parse(data.toString('utf8')) as Notification;
    if (stored === undefined) waiting.push(notification);
    else if (!stored.has(notification.id)) take(state, notification);
  });
  const isOpen = await Promise.race([
    new Promise<boolean>((resolve) => socket.once('open', () => resolve(true))),
    ended.then(() => false),
  ]);
  if (isOpen) {
    try {
      const ids = await readStored(state);
      for (const notification of waiting) if (!ids.has(notification.id)) take(state, notification);
      stored = ids;
      onCaughtUp();
    } catch {
      socket.terminate();
    }
  }
  await ended;
}

/** Takes everything that is stored after the last. Returns the ids. */
async function readStored(state: State): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (;;) {
    const query = new URLSearchParams({ client: state.device.client, size: '1000' });
    if (state.last !== undefined) query.set('since', state.last);
    const answer = await state.device.user.send(`/notifications?${query}`);
    if (answer.status !== 200) throw new Error(`GET /notifications: found ${answer.status}`);
    const list = answer.get('notifications') as readonly Notification[];
    for (const notification of list) {
      ids.add(notification.id);
      take(state, notification);
    }
    if (answer.get('has_more') !== true) return ids;
  }
}

function take(state: State, { id, payload }: Notification): void {
  state.last = id;
  for (const { type, data } of payload) {
    if (type !== 'conversation.otr-message-add') continue;
    const [conversation = '', sender = '', number = ''] = Buffer.from(data?.text ?? '', 'base64')
      .toString()
      .split(' ');
    state.oracle.see(state.device.user.name, { conversation, sender, number: Number(number) }, id);
  }
}
