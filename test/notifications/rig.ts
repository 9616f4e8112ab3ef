import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Push } from '#contract/events/push.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { VerifyToken } from '#contract/verified-token.ts';
import { createUpgrades, openGateway } from '#gateway';
import { type NotificationNeeds, type Notifications, openNotifications } from '#notifications';
import { openStorage, type Storage } from '#storage';

export const domain = 'a.example.com' as BackendDomain;

/** Notifications behind a real client listener; tokens are `user:connection[:type]`, unsigned. */
export interface Rig extends AsyncDisposable {
  readonly storage: Storage;
  readonly notifications: Notifications;
  readonly url: string;
  push(...pushes: readonly Push[]): Promise<void>;
  connect(user: UserId, options?: ConnectOptions): Promise<TestSocket>;
  /** A GET as this user; the body parsed. */
  get(user: UserId, path: string): Promise<{ readonly status: number; readonly body: unknown }>;
}

export interface ConnectOptions {
  readonly client?: ClientId;
  readonly connection?: string;
  readonly path?: string;
  /** Whether the client answers control pings; it does when not given. */
  readonly answersPings?: boolean;
}

export type RigOptions = Partial<Omit<NotificationNeeds, 'ownDomain' | 'storage'>> & {
  /** A fresh SQLite file when not given. */
  readonly url?: string;
};

export async function openRig({ url, ...options }: RigOptions = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  const storageUrl = url ?? (await freshSqlite(stack));
  const storage = stack.use(await openStorage({ url: storageUrl, poolSize: 8 }));
  const notifications = stack.use(await openNotifications({ ownDomain: domain, storage, ...options }));
  const gateway = stack.use(
    await openGateway({
      listen: { host: '127.0.0.1', port: 0 },
      routes: notifications.routes,
      verifyToken,
      ownDomain: domain,
      federationEnabled: false,
      onUpgrade: createUpgrades({ routes: notifications.upgrades, verifyToken }),
    }),
  );
  stack.use(notifications.sockets);
  return {
    storage,
    notifications,
    url: gateway.url,
    push: (...pushes) => storage.work((work) => notifications.pushMany(work, pushes)),
    connect: (user, connect) => TestSocket.open(gateway.url, user, connect),
    async get(user, path) {
      const headers = { authorization: `Bearer ${user}:1` };
      const answer = await fetch(`${gateway.url}${path}`, { headers, signal: AbortSignal.timeout(30_000) });
      return { status: answer.status, body: await answer.json() };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function freshSqlite(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'crosswire-notifications-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return `sqlite:${join(folder, 'test.db')}`;
}

const verifyToken: VerifyToken = (text) => {
  const [userId, connectionId, type = 'a'] = text.split(':');
  if (userId === undefined || connectionId === undefined || userId.length !== 36) return undefined;
  return { type, userId: userId as UserId, clientId: undefined, connectionId, expiresAt: -1 };
};

export interface ReceivedNotification {
  readonly id: string;
  readonly transient: boolean;
  readonly payload: readonly [{ readonly type: string; readonly n: number }];
}

/** A client on a WebSocket that remembers what came. */
export class TestSocket implements AsyncDisposable {
  readonly received: ReceivedNotification[] = [];
  /** Texts of frames that were no notifications. */
  readonly others: string[] = [];
  readonly pings: string[] = [];
  readonly pongs: string[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  #changed = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      assert.ok(isBinary, 'frames are binary');
      const text = data.toString('latin1');
      if (text.startsWith('{')) this.received.push(JSON.parse(text) as ReceivedNotification);
      else this.others.push(text);
      this.#notify();
    });
    socket.on('ping', (data) => {
      this.pings.push(data.toString());
      this.#notify();
    });
    socket.on('pong', (data) => {
      this.pongs.push(data.toString());
      this.#notify();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        resolve(code);
        this.#notify();
      });
    });
  }

  static async open(url: string, user: UserId, options: ConnectOptions = {}): Promise<TestSocket> {
    const { client, connection = '1', path = '/await', answersPings = true } = options;
    const query = new URLSearchParams({
      access_token: `${user}:${connection}`,
      ...(client === undefined ? {} : { client }),
    });
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}?${query}`, { autoPong: answersPings });
    const opened = new TestSocket(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {});
    return opened;
  }

  get numbers(): readonly number[] {
    return this.received.map(({ payload: [{ n }] }) => n);
  }

  /** Waits until it holds, 20 s at most. */
  async until(condition: (socket: this) => boolean): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    while (!condition(this)) {
      const late = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error(`not so: ${condition}; ${this.numbers}`)), {
          once: true,
        });
      });
      await Promise.race([this.#changed.promise, late]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await this.closed;
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

export function newUser(): UserId {
  return crypto.randomUUID() as UserId;
}

/** An event that says its number. */
export function numbered(n: number, ...recipients: Push['recipients']): Push {
  return { recipients, event: { type: 'test', n } as Push['event'] };
}
