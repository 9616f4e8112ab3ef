import type { Duplex } from 'node:stream';
import { type RawData, WebSocket } from 'ws';
import type { ClientId, UserId } from '#contract/ids.ts';
import { type CloseReason, log, slowReaderCut, socketClosed } from '../telemetry.ts';
import { binaryFrame } from './frame.ts';
import type { KeepAlive, KeptAlive, Turn } from './keep-alive.ts';

/**
 * States of a socket, and what leads out of each:
 *
 * - `live`: gets the notifications of its user. Another socket of the same session → `displaced`; we give it up, or
 *   the other side closes → `closing`, or the connection breaks → `closed`.
 * - `displaced`: open and pinged, but gets nothing any more: the newer socket has its place. Out as from `live`.
 * - `closing`: a close frame was sent behind what was written before. The answer, or none in time → `closed`.
 * - `closed`: gone from everywhere.
 */
export type SocketState = 'live' | 'displaced' | 'closing' | 'closed';

/** Close codes (RFC 6455, 7.4.1) and what a client should make of them. */
const closings: Readonly<Record<CloseReason, { readonly code: number; readonly text: string }>> = {
  shutdown: { code: 1001, text: 'the server shuts down: connect again' },
  expired: { code: 1001, text: 'open for the longest time allowed: connect again' },
  unanswered: { code: 1008, text: 'two pings without an answer' },
  removed: { code: 1008, text: 'the client was removed' },
  misread: { code: 1003, text: 'failed-to-parse' },
  unexpected: { code: 1003, text: 'unexpected-ack' },
  failed: { code: 1011, text: 'internal-error' },
  slow: { code: 1013, text: 'read too slowly: connect again and fetch by since' },
};

/** Whom a socket speaks to. */
export interface SocketSession {
  readonly user: UserId;
  /** Undefined: everything for the user. */
  readonly client: ClientId | undefined;
  readonly connectionId: string;
}

/** What all sockets share. */
export interface SocketSurroundings {
  readonly keepAlive: KeepAlive;
  readonly maxBufferedBytes: number;
  closed(socket: ClientSocket): void;
  /** Called when this side begins to close it. */
  closing?(socket: ClientSocket): void;
  /** Called with what a client says that is no ping; not given: it is ignored. */
  received?(socket: ClientSocket, data: Buffer): void;
}

/** ws makes these; `owner` leads from its events to us, where a closure for each socket would cost memory. */
export class OwnedWebSocket extends WebSocket {
  owner: ClientSocket | undefined;
}

const pong = binaryFrame('pong');
const pingText = Buffer.from('ping');

export class ClientSocket implements KeptAlive {
  readonly session: SocketSession;
  readonly turn: Turn;
  readonly #raw: Duplex;
  readonly #socket: OwnedWebSocket;
  readonly #surroundings: SocketSurroundings;
  #state: SocketState = 'live';

  /** @param raw the connection below `socket`: frames that are ready are written to it as they are */
  constructor(session: SocketSession, socket: OwnedWebSocket, raw: Duplex, surroundings: SocketSurroundings) {
    this.session = session;
    this.#socket = socket;
    this.#raw = raw;
    this.#surroundings = surroundings;
    this.turn = surroundings.keepAlive.newTurn();
    socket.owner = this;
    socket.on('message', onMessage);
    socket.on('ping', onPing);
    socket.on('pong', onPong);
    socket.on('close', onClose);
    socket.on('error', onError);
  }

  get state(): SocketState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state === 'live' || this.#state === 'displaced';
  }

  /** Whether so little waits to be read that the reader does not seem slow. */
  get hasRoom(): boolean {
    return !this.#raw.writableNeedDrain;
  }

  /** Calls back whenever there is room after there was none. */
  onRoom(listener: () => void): void {
    this.#raw.on('drain', listener);
  }

  /** Hands over a whole frame. Returns whether it was taken; a reader with too much unread is cut off instead. */
  send(frame: Buffer): boolean {
    if (this.#state !== 'live' || this.#socket.readyState !== WebSocket.OPEN) return false;
    return this.#write(frame);
  }

  /** Another socket has the place of this one. */
  displace(): void {
    if (this.#state === 'live') this.#state = 'displaced';
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping(pingText);
  }

  giveUp(reason: Exclude<CloseReason, 'slow'>): void {
    if (!this.isOpen) return;
    socketClosed(reason);
    this.#close(reason);
  }

  /** Ends it without a word. */
  drop(): void {
    this.#socket.terminate();
  }

  received(data: RawData): void {
    this.#surroundings.keepAlive.heard(this);
    if (!Buffer.isBuffer(data) || !this.isOpen) return;
    if (data.equals(pingText)) this.#write(pong);
    else this.#surroundings.received?.(this, data);
  }

  pinged(payload: Buffer): void {
    this.#surroundings.keepAlive.exchanged(this, intervalOf(payload));
    if (this.isOpen && !this.#isSlow() && this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.pong(payload);
    }
  }

  ponged(): void {
    this.#surroundings.keepAlive.exchanged(this);
  }

  /** The connection is gone. */
  ended(): void {
    this.#state = 'closed';
    this.#surroundings.closed(this);
  }

  #write(frame: Buffer): boolean {
    if (this.#isSlow()) return false;
    writeLater(this.#raw);
    this.#raw.write(frame);
    return true;
  }

  #isSlow(): boolean {
    const { writableLength } = this.#raw;
    if (writableLength <= this.#surroundings.maxBufferedBytes) return false;
    slowReaderCut(this.session.user, writableLength);
    this.#close('slow');
    return true;
  }

  #close(reason: CloseReason): void {
    this.#state = 'closing';
    const { code, text } = closings[reason];
    this.#socket.close(code, text);
    this.#surroundings.closing?.(this);
  }
}

/** A client's ping with a number from 1 to 3599 asks for pings of ours in that interval. */
function intervalOf(payload: Buffer): number | undefined {
  if (payload.length === 0 || payload.length > 4) return undefined;
  const text = payload.toString('latin1');
  const seconds = /^[0-9]+$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= 3599 ? seconds : undefined;
}

let corked: Duplex[] = [];

/** What is written to a socket in one turn (all events of a group commit) leaves in one system call. */
function writeLater(raw: Duplex): void {
  if (raw.writableCorked > 0) return;
  raw.cork();
  corked.push(raw);
  if (corked.length === 1) process.nextTick(uncorkAll);
}

function uncorkAll(): void {
  const sockets = corked;
  corked = [];
  for (const socket of sockets) socket.uncork();
}

function ownerOf(socket: WebSocket): ClientSocket | undefined {
  return socket instanceof OwnedWebSocket ? socket.owner : undefined;
}

function onMessage(this: WebSocket, data: RawData): void {
  ownerOf(this)?.received(data);
}

function onPing(this: WebSocket, payload: Buffer): void {
  ownerOf(this)?.pinged(payload);
}

function onPong(this: WebSocket): void {
  ownerOf(this)?.ponged();
}

function onClose(this: WebSocket): void {
  ownerOf(this)?.ended();
}

/** The other side broke the protocol or the connection; ws closes it, and the close is what counts. */
function onError(this: WebSocket, error: Error): void {
  log.debug({ user: ownerOf(this)?.session.user, err: error }, 'a socket failed');
}
