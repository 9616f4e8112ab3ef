import type { ClientId, UserId } from '#contract/ids.ts';
import type { Upgrade } from '#contract/upgrade.ts';
import type { Storage } from '#storage';
import type { Bus } from '../bus.ts';
import type { Delivery } from '../delivery.ts';
import type { NotificationSettings } from '../settings.ts';
import type { NotificationIds } from '../streams/notification-id.ts';
import { delivered } from '../telemetry.ts';
import type { ClientSocket } from './client-socket.ts';
import { notificationFrame } from './frame.ts';
import { SocketRegistry } from './registry.ts';
import { SocketServer, sessionOf } from './socket-server.ts';
import { type FollowedEvent, StreamFollower } from './stream-follower.ts';

export interface SocketsNeeds {
  readonly storage: Storage;
  readonly ids: NotificationIds;
  readonly bus: Bus;
  readonly settings: NotificationSettings;
}

/** The open WebSockets of this process that carry events live. Disposing it closes them and takes no more. */
export class Sockets implements AsyncDisposable {
  readonly #needs: SocketsNeeds;
  readonly #registry = new SocketRegistry();
  readonly #server: SocketServer;
  /** Undefined where commits are heard of in their order. */
  readonly #follower: StreamFollower | undefined;
  readonly #owned = new DisposableStack();

  constructor(needs: SocketsNeeds) {
    const { settings, storage, bus } = needs;
    this.#needs = needs;
    this.#server = new SocketServer({ ...settings, closed: (socket) => this.#closed(socket) });
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
  async take(upgrade: Upgrade): Promise<void> {
    const session = sessionOf(upgrade);
    this.#server.assertTaking();
    await this.#follower?.follow(session.user);
    let opened: ClientSocket | undefined;
    try {
      opened = this.#server.open(session, upgrade);
    } finally {
      if (opened === undefined) this.#follower?.release(session.user);
      else this.#registry.add(opened);
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.refuseNew();
    await this.#follower?.[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    this.#owned.dispose();
  }

  #closed(socket: ClientSocket): void {
    this.#registry.remove(socket);
    this.#follower?.release(socket.session.user);
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
}
