import { ConsumerMessage } from '#contract/client/consumable-notifications.ts';
import { parseJson } from '#contract/json.ts';
import { Refusal } from '#contract/refusal.ts';
import { compileParser } from '#contract/schema.ts';
import type { Storage } from '#storage';
import type { ClientSocket } from '../sockets/client-socket.ts';
import { eventFrame, missedFrame, synchronizationFrame } from '../sockets/frame.ts';
import type { EventJson } from '../streams/event-json.ts';
import type { NotificationIds } from '../streams/notification-id.ts';
import { listEvents, listEventsAt, listEventsForAll, type StoredEvent } from '../streams/stream-store.ts';
import { consumerFailed, delivered, progressLost } from '../telemetry.ts';
import {
  endOfStream,
  findQueue,
  hasUnacknowledged,
  type Queue,
  type QueueKey,
  saveProgress,
  settleMissed,
} from './consumer-store.ts';
import { DeliveryWindow } from './delivery-window.ts';

export interface ConsumerNeeds {
  readonly storage: Storage;
  readonly ids: NotificationIds;
  /** What is not behind this position is too old to be delivered. */
  readonly oldest: () => number;
}

/**
 * States of a consumer, and what leads out of each. In all of them the socket may close.
 *
 * - `waiting`: another socket of the client has its place. That one has ended → `begun`.
 * - `begun`: finds out where the queue stands. Something went out of it unacknowledged → `missed`, else → `consuming`.
 * - `missed`: the client was told so. It answers `ack_full_sync` → `consuming`.
 * - `consuming`: events go out in order, the unacknowledged ones of earlier connections first, as long as the window
 *   has room; behind those that were there at the beginning goes the marker of the connection.
 *
 * An acknowledgement that the state has no use for is a fault of the client and ends the connection.
 */
type State =
  | { readonly tag: 'waiting' | 'begun' }
  | { readonly tag: 'missed'; isSettled: boolean }
  | { readonly tag: 'consuming'; readonly window: DeliveryWindow };

const eventsPerRead = 100;
/** Transient events that wait until what is stored has gone out; more are dropped. */
const maxTransients = 32;
const messages = compileParser(ConsumerMessage);

/**
 * Delivers the queue of a client over one socket. Without a client it is a temporary consumer: it gets what is for all
 * clients from now on, and nothing of it is kept.
 */
export class Consumer {
  readonly socket: ClientSocket;
  readonly #needs: ConsumerNeeds;
  /** Comes back behind what has waited; undefined: nothing does. */
  readonly #marker: string | undefined;
  #state: State = { tag: 'waiting' };
  #isWoken = false;
  #isMarked = false;
  /** Undefined until all that has waited is delivered. */
  #transients: { readonly id: string; readonly event: EventJson }[] | undefined;
  #isRemoved = false;
  #changed = Promise.withResolvers<void>();
  #isUnsaved = false;
  #saving: Promise<void> | undefined;

  constructor(needs: ConsumerNeeds, socket: ClientSocket, marker: string | undefined) {
    this.#needs = needs;
    this.socket = socket;
    this.#marker = marker;
    socket.onRoom(() => this.#notify());
  }

  /** Its turn has come. Resolves when the socket has ended and what was acknowledged is stored. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#deliver();
    } catch (error) {
      consumerFailed(error);
      this.socket.giveUp('failed');
    }
    await this.#until(() => false);
    await this.#saving;
  }

  /** There may be something new in the stream. */
  wake(): void {
    this.#isWoken = true;
    this.#notify();
  }

  /** A transient event: it is delivered soon, or never. */
  offer(id: string, event: EventJson): void {
    if (this.#transients === undefined || this.#transients.length >= maxTransients) return;
    this.#transients.push({ id, event });
    this.#notify();
  }

  /** The client or user is gone: the socket closes behind what is delivered already or can be at once. */
  remove(): void {
    this.#isRemoved = true;
    if (this.#state.tag === 'consuming') this.wake();
    else this.socket.giveUp('removed');
  }

  received(data: Buffer): void {
    const message = readMessage(data);
    if (message === undefined) this.socket.giveUp('misread');
    else if (!this.#takes(message)) this.socket.giveUp('unexpected');
    else this.#notify();
  }

  /** The socket closes or is gone. */
  ended(): void {
    this.#notify();
  }

  /** Returns whether the message has a meaning now. */
  #takes(message: ConsumerMessage): boolean {
    const state = this.#state;
    if (message.type === 'ack_full_sync') {
      if (state.tag !== 'missed' || state.isSettled) return false;
      state.isSettled = true;
      return true;
    }
    if (state.tag !== 'consuming') return false;
    if (!state.window.acknowledge(message.data.delivery_tag, message.data.multiple)) return false;
    this.#save(state.window);
    return true;
  }

  async #deliver(): Promise<void> {
    if (!this.socket.isOpen) return;
    this.#state = { tag: 'begun' };
    const key = this.#key;
    const queue = key && (await this.#settledQueue(key));
    if (key !== undefined && queue === undefined) this.socket.giveUp('removed');
    if (!this.socket.isOpen) return;
    const end = await endOfStream(this.#needs.storage.reader, this.socket.session.user);
    const window = new DeliveryWindow(queue ?? { position: end, holes: [] });
    this.#state = { tag: 'consuming', window };
    if (queue !== undefined && !(await this.#deliverAgain(window, queue))) return;
    await this.#deliverFrom(window, queue?.position ?? end, end);
  }

  get #key(): QueueKey | undefined {
    const { user, client } = this.socket.session;
    return client === undefined ? undefined : { user, client };
  }

  /** The queue, when the client knows whether it has missed something. Undefined when it or the socket is gone. */
  async #settledQueue(key: QueueKey): Promise<Queue | undefined> {
    const { storage, oldest } = this.#needs;
    const queue = await findQueue(storage.reader, key);
    const until = oldest();
    if (queue === undefined) return undefined;
    if (!queue.missed && !(await hasUnacknowledged(storage.reader, key, until))) return queue;
    const state: State = { tag: 'missed', isSettled: false };
    this.#state = state;
    this.socket.send(missedFrame);
    if (!(await this.#until(() => state.isSettled))) return undefined;
    return await storage.work((work) => settleMissed(work, key, until));
  }

  /** What earlier connections have delivered and nobody has acknowledged. Returns whether the socket is still open. */
  async #deliverAgain(window: DeliveryWindow, { holes }: Queue): Promise<boolean> {
    const { user, client } = this.socket.session;
    if (client === undefined || holes.length === 0) return true;
    const events = await listEventsAt(this.#needs.storage.reader, user, client, holes);
    return await this.#sendAll(window, events);
  }

  /** @param end where the stream ended when the socket came: what lies before it has waited */
  async #deliverFrom(window: DeliveryWindow, after: number, end: number): Promise<void> {
    let last = after;
    for (;;) {
      this.#isWoken = false;
      const events = await this.#next(last);
      const waited = events.filter(({ position }) => position <= end);
      if (!(await this.#sendAll(window, waited))) return;
      const isAllThatWaited = waited.length < events.length || events.length < eventsPerRead;
      if (isAllThatWaited && !(await this.#mark(window))) return;
      if (!(await this.#sendAll(window, events.slice(waited.length)))) return;
      last = events.at(-1)?.position ?? last;
      if (events.length === eventsPerRead) continue;
      if (this.#isRemoved) return this.socket.giveUp('removed');
      if (!(await this.#waitForMore(window))) return;
    }
  }

  /** Waits until the stream may have more, and passes transient events on meanwhile. Returns whether the socket is open. */
  async #waitForMore(window: DeliveryWindow): Promise<boolean> {
    for (;;) {
      for (const { id, event } of this.#transients ?? []) {
        if (this.#hasRoom(window)) this.#send(window, id, event, undefined);
      }
      this.#transients = [];
      if (!(await this.#until(() => this.#isWoken || this.#transients?.length !== 0))) return false;
      if (this.#isWoken) return true;
    }
  }

  #next(position: number): Promise<readonly StoredEvent[]> {
    const { reader } = this.#needs.storage;
    const { user, client } = this.socket.session;
    const range = { after: Math.max(position, this.#needs.oldest()), limit: eventsPerRead };
    return client === undefined
      ? listEventsForAll(reader, user, range)
      : listEvents(reader, user, client, range);
  }

  async #sendAll(window: DeliveryWindow, events: readonly StoredEvent[]): Promise<boolean> {
    for (const { position, event } of events) {
      if (!(await this.#room(window))) return false;
      this.#send(window, this.#needs.ids.idOf(position), event, position);
    }
    return this.socket.isOpen;
  }

  #send(window: DeliveryWindow, id: string, event: EventJson, position: number | undefined): void {
    if (this.socket.send(eventFrame(window.add(position), id, event))) delivered(1);
  }

  /** Temporary consumers have nothing that waits, and so no marker, as in wire-server. */
  async #mark(window: DeliveryWindow): Promise<boolean> {
    if (this.#isMarked || this.#marker === undefined || this.#key === undefined) return true;
    this.#isMarked = true;
    if (!(await this.#room(window))) return false;
    this.socket.send(synchronizationFrame(window.add(undefined), this.#marker));
    return true;
  }

  /** Waits until one more delivery may be sent; whose client is removed waits no longer. */
  async #room(window: DeliveryWindow): Promise<boolean> {
    if (!(await this.#until(() => this.#isRemoved || this.#hasRoom(window)))) return false;
    if (this.#hasRoom(window)) return true;
    this.socket.giveUp('removed');
    return false;
  }

  #hasRoom(window: DeliveryWindow): boolean {
    return !window.isFull && this.socket.hasRoom;
  }

  /** Waits until it is so or the socket closes. Returns whether the socket is open. */
  async #until(isSo: () => boolean): Promise<boolean> {
    while (this.socket.isOpen && !isSo()) await this.#changed.promise;
    return this.socket.isOpen;
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #save(window: DeliveryWindow): void {
    this.#isUnsaved = true;
    if (this.#key !== undefined) this.#saving ??= this.#saveAll(this.#key, window);
  }

  /** One unit of work after the other, each with all that was acknowledged meanwhile. */
  async #saveAll(key: QueueKey, window: DeliveryWindow): Promise<void> {
    try {
      while (this.#isUnsaved) {
        this.#isUnsaved = false;
        const { progress } = window;
        await this.#needs.storage.work((work) => saveProgress(work, key, progress));
      }
    } catch (error) {
      progressLost(error);
    } finally {
      this.#saving = undefined;
    }
  }
}

function readMessage(data: Buffer): ConsumerMessage | undefined {
  try {
    return messages.parse(parseJson(data, 'frame'), 'frame');
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
