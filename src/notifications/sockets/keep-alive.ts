/** When a socket is pinged and given up (reference client-api 6.2), in seconds. */
export interface KeepAliveTimes {
  /** Between an answer and the next ping. */
  readonly pingSeconds: number;
  /** How long an answer may take. */
  readonly answerSeconds: number;
  /** Looked at when a ping is due or exchanged. */
  readonly maxLifeSeconds: number;
}

/** Pings without an answer after which the socket is given up. */
const maxUnanswered = 2;

/** What the wheel keeps for a socket. */
export interface Turn {
  readonly openedAt: number;
  pingSeconds: number;
  unanswered: number;
  /** The second in which something is to be done. */
  due: number;
  /** The second of the wheel under which it stands: not later than `due`, except while it is being moved. */
  slot: number;
}

export interface KeptAlive {
  readonly turn: Turn;
  /** False once it is closing: the wheel forgets it then. */
  readonly isOpen: boolean;
  ping(): void;
  giveUp(reason: 'unanswered' | 'expired'): void;
}

/**
 * Pings all sockets with one timer. Each stands in the wheel once, under a second; what it does in the meantime only
 * moves `due`, and when its second comes it is either dealt with or put under its `due`.
 */
export class KeepAlive implements Disposable {
  readonly #times: KeepAliveTimes;
  readonly #clock: () => number;
  readonly #slots = new Map<number, KeptAlive[]>();
  readonly #timer: NodeJS.Timeout;
  #last: number;

  /** @param clock whole seconds that never step back */
  constructor(times: KeepAliveTimes, clock: () => number) {
    this.#times = times;
    this.#clock = clock;
    this.#last = clock();
    this.#timer = setInterval(() => this.advance(), 500).unref();
  }

  /** The turn of a socket that has just been opened. */
  newTurn(): Turn {
    const now = this.#clock();
    return { openedAt: now, pingSeconds: this.#times.pingSeconds, unanswered: 0, due: now, slot: -1 };
  }

  /** Takes a socket in, and pings it at once. */
  add(socket: KeptAlive): void {
    this.#deal(socket, this.#clock());
  }

  /** A frame came: whatever it was, the other side is there. */
  heard({ turn }: KeptAlive): void {
    if (turn.unanswered === 0) return;
    turn.unanswered = 0;
    turn.due = this.#clock() + turn.pingSeconds;
  }

  /** A ping or pong came: the next ping is a whole interval away. It must not prolong a life without end. */
  exchanged(socket: KeptAlive, pingSeconds = socket.turn.pingSeconds): void {
    const { turn } = socket;
    const now = this.#clock();
    if (now - turn.openedAt >= this.#times.maxLifeSeconds) {
      socket.giveUp('expired');
      return;
    }
    turn.unanswered = 0;
    turn.pingSeconds = pingSeconds;
    turn.due = now + pingSeconds;
    if (turn.due < turn.slot) this.#put(socket);
  }

  /** Asks within a second whether the other side is there, since somebody waits for its place. */
  probe(socket: KeptAlive): void {
    const { turn } = socket;
    if (turn.unanswered > 0) return;
    turn.due = this.#clock();
    this.#put(socket);
  }

  /** Deals with all whose second has come. */
  advance(): void {
    const now = this.#clock();
    while (this.#last < now) {
      this.#last += 1;
      const due = this.#slots.get(this.#last);
      if (due === undefined) continue;
      this.#slots.delete(this.#last);
      for (const socket of due) if (socket.turn.slot === this.#last) this.#deal(socket, now);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#slots.clear();
  }

  #deal(socket: KeptAlive, now: number): void {
    if (!socket.isOpen) return;
    const { turn } = socket;
    if (turn.due <= now) {
      const reason = this.#reasonToEnd(turn, now);
      if (reason !== undefined) {
        socket.giveUp(reason);
        return;
      }
      socket.ping();
      turn.unanswered += 1;
      turn.due = now + this.#times.answerSeconds;
    }
    this.#put(socket);
  }

  #reasonToEnd({ unanswered, openedAt }: Turn, now: number): 'unanswered' | 'expired' | undefined {
    if (unanswered >= maxUnanswered) return 'unanswered';
    return now - openedAt >= this.#times.maxLifeSeconds ? 'expired' : undefined;
  }

  #put(socket: KeptAlive): void {
    const second = Math.max(socket.turn.due, this.#last + 1);
    socket.turn.slot = second;
    const slot = this.#slots.get(second);
    if (slot === undefined) this.#slots.set(second, [socket]);
    else slot.push(socket);
  }
}
