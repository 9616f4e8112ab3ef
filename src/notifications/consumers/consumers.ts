import { maxMarkerLength } from '#contract/client/consumable-notifications.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Upgrade } from '#contract/upgrade.ts';
import type { Bus } from '../bus.ts';
import type { Delivery } from '../delivery.ts';
import type { NotificationSettings } from '../settings.ts';
import type { ClientSocket } from '../sockets/client-socket.ts';
import { SocketServer, sessionOf } from '../sockets/socket-server.ts';
import { Consumer, type ConsumerNeeds } from './consumer.ts';
import { findQueue } from './consumer-store.ts';

export interface ConsumersNeeds extends ConsumerNeeds {
  readonly bus: Bus;
  readonly settings: NotificationSettings;
  /** Told when a client comes for its queue: it is in use. */
  readonly lastActive: ((user: UserId, client: ClientId) => Promise<void>) | undefined;
}

/**
 * Clients that acknowledge send no pings of their own, and what lies between closes a connection on which nothing
 * happens for a minute.
 */
const maxPingSeconds = 30;

/**
 * The open WebSockets of this process over which clients consume their queues. A client has one consumer at a time, as
 * in wire-server; further ones wait in line. Disposing it closes them, stores what was acknowledged and takes no more.
 */
export class Consumers implements AsyncDisposable {
  readonly #needs: ConsumersNeeds;
  readonly #server: SocketServer;
  readonly #bySocket = new Map<ClientSocket, Consumer>();
  readonly #byUser = new Map<UserId, Set<Consumer>>();
  /** Of each client the consumer that has its place, and those that wait for it. */
  readonly #lines = new Map<string, Consumer[]>();
  readonly #running = new Set<Promise<void>>();
  readonly #owned = new DisposableStack();

  constructor(needs: ConsumersNeeds) {
    const { settings, storage, bus } = needs;
    const { keepAlive } = settings;
    this.#needs = needs;
    this.#server = new SocketServer({
      ...settings,
      keepAlive: { ...keepAlive, pingSeconds: Math.min(keepAlive.pingSeconds, maxPingSeconds) },
      closed: (socket) => this.#closed(socket),
      closing: (socket) => this.#bySocket.get(socket)?.ended(),
      received: (socket, data) => this.#bySocket.get(socket)?.received(data),
    });
    if (storage.dialect === 'postgres') this.#hearOfReplicas(bus, settings.lookEveryMs);
  }

  /** Makes a WebSocket of a request. @throws Refusal `bad-request`, `shutting-down`, `not-found` without a queue */
  async take(upgrade: Upgrade): Promise<void> {
    const session = sessionOf(upgrade);
    const marker = parseMarker(upgrade.query.get('sync_marker'));
    const { user, client } = session;
    if (client !== undefined) {
      const queue = await findQueue(this.#needs.storage.reader, { user, client });
      if (queue === undefined) throw refuse('not-found', { message: 'The client has no queue of events' });
      await this.#needs.lastActive?.(user, client);
    }
    const socket = this.#server.open(session, upgrade);
    if (socket !== undefined) this.#add(new Consumer(this.#needs, socket, marker));
  }

  /** Tells of what a unit of work has pushed, after its commit. On PostgreSQL the bus does. */
  deliver(deliveries: readonly Delivery[]): void {
    if (this.#needs.storage.dialect === 'postgres') return;
    for (const delivery of deliveries) {
      if (delivery.transient) this.#offer(delivery);
      else for (const { user } of delivery.recipients) this.#wake(user);
    }
  }

  /** Whether this client has an open socket here. */
  hasSocket(user: UserId, client: ClientId): boolean {
    return this.#lines.has(lineOf(user, client));
  }

  /** Closes the sockets of a user, or of one client, behind what they are to be sent. */
  remove(user: UserId, client?: ClientId): void {
    for (const consumer of this.#byUser.get(user) ?? []) {
      if (client === undefined || consumer.socket.session.client === client) consumer.remove();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#owned.dispose();
  }

  #hearOfReplicas(bus: Bus, lookEveryMs: number): void {
    this.#owned.use(
      bus.subscribe((message) => {
        if (message.tag === 'transient') this.#offer(message.delivery);
        else for (const user of message.users) this.#wake(user);
      }),
    );
    const lookAtAll = () => {
      for (const consumer of this.#bySocket.values()) consumer.wake();
    };
    const timer = setInterval(lookAtAll, lookEveryMs).unref();
    this.#owned.defer(() => clearInterval(timer));
  }

  #add(consumer: Consumer): void {
    const { user, client } = consumer.socket.session;
    this.#bySocket.set(consumer.socket, consumer);
    const ofUser = this.#byUser.get(user);
    if (ofUser === undefined) this.#byUser.set(user, new Set([consumer]));
    else ofUser.add(consumer);
    if (client === undefined) {
      this.#run(consumer);
      return;
    }
    const line = this.#lines.get(lineOf(user, client));
    if (line === undefined) {
      this.#lines.set(lineOf(user, client), [consumer]);
      this.#run(consumer);
      return;
    }
    line.push(consumer);
    // The client may have lost its connection before we did.
    if (line[0] !== undefined) this.#server.probe(line[0].socket);
  }

  #run(consumer: Consumer): void {
    const run = consumer.run().then(() => {
      this.#running.delete(run);
      this.#handOn(consumer);
    });
    this.#running.add(run);
  }

  /** The place goes to the one that has waited longest, when what was acknowledged before is stored. */
  #handOn(consumer: Consumer): void {
    const { user, client } = consumer.socket.session;
    if (client === undefined) return;
    const key = lineOf(user, client);
    const [next, ...others] = (this.#lines.get(key) ?? []).slice(1);
    if (next === undefined) {
      this.#lines.delete(key);
      return;
    }
    this.#lines.set(key, [next, ...others]);
    this.#run(next);
  }

  #closed(socket: ClientSocket): void {
    const consumer = this.#bySocket.get(socket);
    if (consumer === undefined) return;
    this.#bySocket.delete(socket);
    const { user, client } = socket.session;
    const ofUser = this.#byUser.get(user);
    ofUser?.delete(consumer);
    if (ofUser?.size === 0) this.#byUser.delete(user);
    consumer.ended();
    const line = client === undefined ? undefined : this.#lines.get(lineOf(user, client));
    const at = line?.indexOf(consumer) ?? -1;
    // The first keeps its place until it has stored what was acknowledged.
    if (at > 0) line?.splice(at, 1);
  }

  #wake(user: UserId): void {
    for (const consumer of this.#byUser.get(user) ?? []) consumer.wake();
  }

  #offer({ id, event, recipients }: Delivery): void {
    for (const { user, clients } of recipients) {
      for (const consumer of this.#byUser.get(user) ?? []) {
        const { client } = consumer.socket.session;
        if (clients === undefined || (client !== undefined && clients.includes(client)))
          consumer.offer(id, event);
      }
    }
  }
}

function lineOf(user: UserId, client: ClientId): string {
  return `${user} ${client}`;
}

function parseMarker(text: string | null): string | undefined {
  if (text === null) return undefined;
  if (text.length > maxMarkerLength) {
    throw refuse('bad-request', {
      message: `query.sync_marker: found ${text.length} characters, expected at most ${maxMarkerLength}`,
    });
  }
  return text;
}
