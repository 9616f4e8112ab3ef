import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { type ClientId, clientIdPattern, type UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Upgrade } from '#contract/upgrade.ts';
import type { Storage } from '#storage';
import type { Bus } from '../bus.ts';
import type { Delivery } from '../delivery.ts';
import type { NotificationSettings } from '../settings.ts';
import type { NotificationIds } from '../streams/notification-id.ts';
import { delivered, socketGauge } from '../telemetry.ts';
import {
  ClientSocket,
  OwnedWebSocket,
  type SocketSession,
  type SocketSurroundings,
} from './client-socket.ts';
import { notificationFrame } from './frame.ts';
import { KeepAlive } from './keep-alive.ts';
import { SocketRegistry } from './registry.ts';
import { type FollowedEvent, StreamFollower } from './stream-follower.ts';

export interface SocketsNeeds {
  readonly storage: Storage;
  readonly ids: NotificationIds;
  readonly bus: Bus;
  readonly settings: NotificationSettings;
}

/** Clients send pings and nothing else that counts. */
const maxPayloadBytes = 64 * 1024;
/** Sockets closed in one turn at the end: the others are not kept from being served meanwhile. */
const closeBatch = 500;

/** The open WebSockets of this process. Disposing it closes them and takes no more. */
export class Sockets implements AsyncDisposable {
  readonly #needs: SocketsNeeds;
  readonly #registry = new SocketRegistry();
  readonly #keepAlive: KeepAlive;
  readonly #surroundings: SocketSurroundings;
  readonly #server = createServer();
  /** Undefined where commits are heard of in their order. */
  readonly #follower: StreamFollower | undefined;
  readonly #owned = new DisposableStack();
  #lastClosed: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(needs: SocketsNeeds) {
    const { settings, storage, bus } = needs;
    this.#needs = needs;
    this.#keepAlive = this.#owned.use(
      new KeepAlive(settings.keepAlive, () => Math.floor(performance.now() / 1000)),
    );
    this.#surroundings = {
      keepAlive: this.#keepAlive,
      maxBufferedBytes: settings.maxBufferedBytes,
      closed: (socket) => this.#closed(socket),
    };
    if (storage.dialect === 'postgres') {
      this.#follower = new StreamFollower({
        reader: storage.reader,
        deliver: (event) => this.#deliverFollowed(event),
        lookEveryMs: settings.lookEveryMs,
      });
      this.#owned.use(
        bus.subscribe((message) => {
          if (message.tag === 'stored') this.#follower?.wake(message.users);
          else this.#deliverFromMemory(message.delivery);
        }),
      );
    }
  }

  /** Makes a WebSocket of a request (reference client-api 6.2). */
  async take({ user, query, request, socket, head }: Upgrade): Promise<void> {
    const session: SocketSession = {
      user: user.userId,
      client: parseClient(query.get('client')),
      connectionId: user.connectionId,
    };
    if (this.#closing !== undefined) throw refuse('shutting-down');
    await this.#follower?.follow(session.user);
    let isOpen = false;
    try {
      if (this.#closing !== undefined) throw refuse('shutting-down');
      // Calls back before it returns, or answers that the request is not one for a WebSocket.
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        isOpen = true;
        this.#opened(new ClientSocket(session, webSocket, socket, this.#surroundings));
      });
    } finally {
      if (!isOpen) this.#follower?.release(session.user);
    }
  }

  /** Sends what a unit of work has pushed, after its commit. */
  deliver(deliveries: readonly Delivery[]): void {
    if (this.#follower === undefined) {
      for (const delivery of deliveries) this.#deliverFromMemory(delivery);
      return;
    }
    const { bus } = this.#needs;
    const users = new Set<UserId>();
    for (const delivery of deliveries) {
      if (delivery.transient) bus.publish({ tag: 'transient', delivery });
      else for (const { user } of delivery.recipients) users.add(user);
    }
    if (users.size > 0) bus.publish({ tag: 'stored', users: [...users] });
  }

  /** Whether this client, or this user at all, has an open socket here. */
  hasSocket(user: UserId, client?: ClientId): boolean {
    const sockets = this.#registry.ofUser(user) ?? [];
    return sockets.some(({ session }) => client === undefined || session.client === client);
  }

  /** Closes the sockets of a user, or of one client, behind what they are to be sent. */
  remove(user: UserId, client?: ClientId): void {
    const close = () => {
      for (const socket of this.#registry.ofUser(user) ?? []) {
        if (client === undefined || socket.session.client === client) socket.giveUp('removed');
      }
    };
    if (this.#follower === undefined) close();
    else void this.#follower.whenRead().then(close);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #opened(socket: ClientSocket): void {
    this.#registry.add(socket);
    socketGauge.inc();
    this.#keepAlive.add(socket);
  }

  #closed(socket: ClientSocket): void {
    this.#registry.remove(socket);
    socketGauge.dec();
    this.#follower?.release(socket.session.user);
    if (this.#registry.size === 0) this.#lastClosed?.();
  }

  #deliverFromMemory({ id, event, transient, recipients, origin }: Delivery): void {
    let frame: Buffer | undefined;
    const once = () => {
      frame ??= notificationFrame(id, event, transient);
      return frame;
    };
    let taken = 0;
    for (const recipient of recipients) taken += this.#registry.send(recipient, origin, once);
    if (taken > 0) delivered(taken);
  }

  #deliverFollowed({ user_id: user, position, clients, origin, event }: FollowedEvent): void {
    const named = clients?.trim().split(' ') as readonly ClientId[] | undefined;
    this.#deliverFromMemory({
      id: this.#needs.ids.idOf(position),
      event,
      transient: false,
      recipients: [named === undefined ? { user } : { user, clients: named }],
      origin: origin === null ? undefined : { user, connectionId: origin },
      route: 'any',
      priority: 'high',
    });
  }

  /** In batches, so that a thousand clients do not come back all at once; who does not answer in time is dropped. */
  async #close(): Promise<void> {
    await this.#follower?.[Symbol.asyncDispose]();
    const closed = Promise.withResolvers<void>();
    this.#lastClosed = closed.resolve;
    let inBatch = 0;
    for (const socket of [...this.#registry.all()]) {
      socket.giveUp('shutdown');
      inBatch += 1;
      if (inBatch % closeBatch === 0) await nextTurn();
    }
    if (this.#registry.size > 0) {
      const timer = setTimeout(closed.resolve, this.#needs.settings.closeMs);
      await closed.promise;
      clearTimeout(timer);
      for (const socket of [...this.#registry.all()]) socket.drop();
    }
    this.#server.close();
    this.#owned.dispose();
  }
}

function createServer() {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxPayloadBytes,
    autoPong: false,
    WebSocket: OwnedWebSocket,
  });
}

const clientSyntax = new RegExp(clientIdPattern);

function parseClient(text: string | null): ClientId | undefined {
  if (text === null) return undefined;
  if (!clientSyntax.test(text)) {
    throw refuse('bad-request', { message: 'query.client: found no client id, expected 1 to 16 hex digits' });
  }
  return text.toLowerCase() as ClientId;
}
