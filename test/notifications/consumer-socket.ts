import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import type { ClientId, UserId } from '#contract/ids.ts';

interface EventFrame {
  readonly type: 'event';
  readonly data: {
    readonly delivery_tag: number;
    readonly event: {
      readonly id: string;
      readonly payload: readonly [{ readonly type: string; readonly n?: number }];
    };
  };
}

interface SynchronizationFrame {
  readonly type: 'synchronization';
  readonly data: { readonly delivery_tag: number; readonly marker_id: string };
}

export type ConsumerFrame = EventFrame | SynchronizationFrame | { readonly type: 'notifications_missed' };

export interface ConsumerOptions {
  readonly client?: ClientId;
  readonly marker?: string;
  /** An access token; `user:1` of the rig when not given. */
  readonly token?: string;
  /** Whether the client answers control pings; it does when not given. */
  readonly answersPings?: boolean;
}

/** A client on `/v8/events` that remembers what came and acknowledges only what it is told to. */
export class ConsumerSocket implements AsyncDisposable {
  readonly frames: ConsumerFrame[] = [];
  readonly pongs: string[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #changed = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      assert.ok(isBinary, 'frames are binary');
      const text = data.toString('latin1');
      if (text === 'pong') this.pongs.push(text);
      else this.frames.push(JSON.parse(text) as ConsumerFrame);
      this.#notify();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#notify();
      });
    });
  }

  static async open(url: string, user: UserId, options: ConsumerOptions = {}): Promise<ConsumerSocket> {
    const { client, marker, token = `${user}:1`, answersPings = true } = options;
    const query = new URLSearchParams({
      access_token: token,
      ...(client === undefined ? {} : { client }),
      ...(marker === undefined ? {} : { sync_marker: marker }),
    });
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v8/events?${query}`, {
      autoPong: answersPings,
    });
    const opened = new ConsumerSocket(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {});
    return opened;
  }

  get events(): readonly EventFrame['data'][] {
    return this.frames.flatMap((frame) => (frame.type === 'event' ? [frame.data] : []));
  }

  /** What the events say their numbers are. */
  get numbers(): readonly (number | undefined)[] {
    return this.events.map(({ event }) => event.payload[0].n);
  }

  get markers(): readonly string[] {
    return this.frames.flatMap((frame) => (frame.type === 'synchronization' ? [frame.data.marker_id] : []));
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  acknowledge(tag: number, multiple = false): void {
    this.send({ type: 'ack', data: { delivery_tag: tag, multiple } });
  }

  acknowledgeMissed(): void {
    this.send({ type: 'ack_full_sync' });
  }

  /** Waits until it holds, 20 s at most. */
  async until(condition: (socket: this) => boolean): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    while (!condition(this)) {
      const late = new Promise((_, reject) => {
        const fail = () => reject(new Error(`not so: ${condition}; ${JSON.stringify(this.frames)}`));
        signal.addEventListener('abort', fail, { once: true });
      });
      await Promise.race([this.#changed.promise, late]);
    }
  }

  /** Closes, and resolves when the server knows. */
  async leave(): Promise<void> {
    this.socket.close();
    await this.closed;
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
