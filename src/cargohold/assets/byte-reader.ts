import { refuse } from '#contract/refusal.ts';

/** Reads lines and counted bytes from a body while it comes in, and never holds more than a chunk and a line of it. */
export class ByteReader implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /**
   * A line without its end, which is CRLF or LF.
   * @throws Refusal `client-error` when the body ends before it or it is longer than `maxBytes`
   */
  async line(what: string, maxBytes: number): Promise<string> {
    const line = await this.lineOrEnd(what, maxBytes);
    if (!line.ended) return line.text;
    throw refuse('client-error', { message: `body: it ends where ${what} was expected` });
  }

  /** A line, or what is left when the body ends before the line does. */
  async lineOrEnd(
    what: string,
    maxBytes: number,
  ): Promise<{ readonly text: string; readonly ended: boolean }> {
    for (;;) {
      const end = this.#buffer.indexOf(0x0a);
      const length = end === -1 ? this.#buffer.length : end;
      if (length > maxBytes) throw refuse('client-error', { message: `body: ${what} is too long` });
      if (end !== -1) {
        const text = this.#buffer.toString('latin1', 0, end);
        this.#buffer = this.#buffer.subarray(end + 1);
        return { text: text.endsWith('\r') ? text.slice(0, -1) : text, ended: false };
      }
      if (!(await this.#more())) {
        const text = this.#buffer.toString('latin1');
        this.#buffer = Buffer.alloc(0);
        return { text, ended: true };
      }
    }
  }

  /** Exactly so many bytes, chunk by chunk. @throws Refusal `client-error` when the body ends before */
  async *take(count: number, what: string): AsyncGenerator<Uint8Array, void> {
    let left = count;
    while (left > 0) {
      if (this.#buffer.length === 0 && !(await this.#more())) {
        const message = `body: ${what} has ${count - left} bytes, expected ${count}`;
        throw refuse('client-error', { message });
      }
      const chunk = this.#buffer.subarray(0, left);
      this.#buffer = this.#buffer.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Waits for more; false at the end of the body. */
  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    return true;
  }
}
