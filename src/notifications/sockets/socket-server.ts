import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { type ClientId, clientIdPattern } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Upgrade } from '#contract/upgrade.ts';
import { socketGauge } from '../telemetry.ts';
import {
  ClientSocket,
  OwnedWebSocket,
  type SocketSession,
  type SocketSurroundings,
} from './client-socket.ts';
import { KeepAlive, type KeepAliveTimes } from './keep-alive.ts';

export interface SocketServerNeeds
  extends Pick<SocketSurroundings, 'maxBufferedBytes' | 'closing' | 'closed' | 'received'> {
  readonly keepAlive: KeepAliveTimes;
  /** How long the sockets have to close at the end, before they are dropped. */
  readonly closeMs: number;
}

/** Clients send pings and acknowledgements and nothing else that counts. */
const maxPayloadBytes = 64 * 1024;
/** Sockets closed in one turn at the end: the others are not kept from being served meanwhile. */
const closeBatch = 500;

/** Makes WebSockets of requests and keeps them alive. Disposing it closes them and makes no more. */
export class SocketServer implements AsyncDisposable {
  readonly #needs: SocketServerNeeds;
  readonly #server = createServer();
  readonly #keepAlive: KeepAlive;
  readonly #surroundings: SocketSurroundings;
  /** All that are not closed. */
  readonly #sockets = new Set<ClientSocket>();
  #lastClosed: (() => void) | undefined;
  #isTaking = true;
  #closing: Promise<void> | undefined;

  constructor(needs: SocketServerNeeds) {
    this.#needs = needs;
    this.#keepAlive = new KeepAlive(needs.keepAlive, () => Math.floor(performance.now() / 1000));
    this.#surroundings = {
      ...needs,
      keepAlive: this.#keepAlive,
      closed: (socket) => this.#closed(socket),
    };
  }

  /** @throws Refusal `shutting-down` when no more sockets are made */
  assertTaking(): void {
    if (!this.#isTaking) throw refuse('shutting-down');
  }

  /** Makes no more sockets; those that are open stay. */
  refuseNew(): void {
    this.#isTaking = false;
  }

  /**
   * Makes a WebSocket of a request (reference client-api 6.2). Undefined when the request turned out to be none for a
   * WebSocket; then it is answered.
   * @throws Refusal `shutting-down`
   */
  open(session: SocketSession, { request, socket, head }: Upgrade): ClientSocket | undefined {
    this.assertTaking();
    let opened: ClientSocket | undefined;
    // Calls back before it returns, or not at all.
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      opened = new ClientSocket(session, webSocket, socket, this.#surroundings);
    });
    if (opened === undefined) return undefined;
    this.#sockets.add(opened);
    socketGauge.inc();
    this.#keepAlive.add(opened);
    return opened;
  }

  /** Asks soon whether the other side of a socket is there; it is given up when it does not answer. */
  probe(socket: ClientSocket): void {
    this.#keepAlive.probe(socket);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.refuseNew();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #closed(socket: ClientSocket): void {
    this.#sockets.delete(socket);
    socketGauge.dec();
    this.#needs.closed(socket);
    if (this.#sockets.size === 0) this.#lastClosed?.();
  }

  /** In batches, so that a thousand clients do not come back all at once; who does not answer in time is dropped. */
  async #close(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#lastClosed = closed.resolve;
    let inBatch = 0;
    for (const socket of [...this.#sockets]) {
      socket.giveUp('shutdown');
      inBatch += 1;
      if (inBatch % closeBatch === 0) await nextTurn();
    }
    if (this.#sockets.size > 0) {
      const timer = setTimeout(closed.resolve, this.#needs.closeMs);
      await closed.promise;
      clearTimeout(timer);
      for (const socket of [...this.#sockets]) socket.drop();
    }
    this.#server.close();
    this.#keepAlive[Symbol.dispose]();
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

/** Whom a request for a WebSocket is for. @throws Refusal `bad-request` when `client` is no client id */
export function sessionOf({ user, query }: Pick<Upgrade, 'user' | 'query'>): SocketSession {
  return {
    user: user.userId,
    client: parseClient(query.get('client')),
    connectionId: user.connectionId,
  };
}

function parseClient(text: string | null): ClientId | undefined {
  if (text === null) return undefined;
  if (!clientSyntax.test(text)) {
    throw refuse('bad-request', { message: 'query.client: found no client id, expected 1 to 16 hex digits' });
  }
  return text.toLowerCase() as ClientId;
}
