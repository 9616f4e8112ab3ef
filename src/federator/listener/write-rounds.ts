/**
 * Streamed answers of one HTTP/2 session take turns, so that the session comes to read in between.
 *
 * Node's HTTP/2 reads nothing while it writes, and begins the next write before it looks at the network again: a session
 * over which many files flow would hear of no further request until they are through. So the answers write in rounds:
 * each that has a chunk ready hands over one, and when all of these are on their way the session gets to read, before
 * the next round. An answer whose reader takes nothing is left behind after a moment and rejoins when its chunk is out.
 */
export class WriteRounds {
  #waiting: (() => void)[] = [];
  /** Turns of this round that are not over. */
  readonly #writing = new Set<symbol>();
  #isOpening = false;
  #left: NodeJS.Timeout | undefined;

  /** The same chunks, each held back until its round. What is yielded must be on its way when the next is asked for. */
  async *pace(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of chunks) {
      const turn = await this.#take();
      try {
        yield chunk;
      } finally {
        this.#end(turn);
      }
    }
  }

  async #take(): Promise<symbol> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#openWhenFree();
    });
    const turn = Symbol();
    this.#writing.add(turn);
    return turn;
  }

  #end(turn: symbol): void {
    this.#writing.delete(turn);
    this.#openWhenFree();
  }

  #openWhenFree(): void {
    if (this.#isOpening || this.#writing.size > 0 || this.#waiting.length === 0) return;
    this.#isOpening = true;
    // Between the two lies the event loop's look at the network.
    setImmediate(() => setImmediate(() => this.#open()));
  }

  #open(): void {
    this.#isOpening = false;
    clearTimeout(this.#left);
    const round = this.#waiting;
    this.#waiting = [];
    for (const begin of round) begin();
    this.#left = setTimeout(() => this.#leaveBehind(), patienceMs);
    this.#left.unref();
  }

  #leaveBehind(): void {
    this.#writing.clear();
    this.#openWhenFree();
  }
}

/** How long a round waits for those who do not get their chunk out. */
const patienceMs = 50;
