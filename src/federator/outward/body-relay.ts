import type { ClientHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { refuse } from '#contract/refusal.ts';
import { bodyTooLarge } from '../listener/index.ts';

/** What has been sent is kept up to this size, in case the remote turns out not to have looked at it. */
const maxReplayBytes = 64 * 1024;

/** A request body on its way to a remote, with back-pressure; it can be sent again while little of it is gone. */
export class BodyRelay {
  readonly #source: Readable;
  readonly #announced: number | undefined;
  readonly #maxBytes: number;
  #replay: Buffer[] | undefined = [];
  #size = 0;
  #ended = false;
  #to: ClientHttp2Stream | undefined;
  #failure: Error | undefined;
  #fail: ((reason: Error) => void) | undefined;

  constructor(source: Readable, announced: number | undefined, maxBytes: number) {
    this.#source = source;
    this.#announced = announced;
    this.#maxBytes = maxBytes;
    // An empty body ends by itself, before anybody reads it.
    this.#ended = source.readableEnded;
    source.on('data', this.#onData);
    source.on('end', this.#onEnd);
    source.on('aborted', this.#onBroken);
    source.on('error', this.#onBroken);
    source.on('close', this.#onBroken);
    source.pause();
  }

  /** Why there will never be a whole body. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether another stream can still be given all of the body. */
  get repeatable(): boolean {
    return this.#replay !== undefined;
  }

  /** Sends the body, from its start, to a stream; `fail` is told when the body is too large or its source breaks. */
  sendTo(stream: ClientHttp2Stream, fail: (reason: Error) => void): void {
    this.#to = stream;
    this.#fail = fail;
    for (const chunk of this.#replay ?? []) stream.write(chunk);
    if (this.#ended) stream.end();
    else this.#source.resume();
  }

  /** Stops sending; the source waits. */
  detach(): void {
    this.#to = undefined;
    this.#source.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) {
      this.#break(bodyTooLarge(this.#maxBytes));
      return;
    }
    this.#remember(chunk);
    const to = this.#to;
    if (to === undefined || to.destroyed) return;
    if (this.#size === this.#announced) {
      // END_STREAM travels with the last bytes instead of in a frame of its own.
      this.#ended = true;
      to.end(chunk);
    } else if (!to.write(chunk)) {
      this.#source.pause();
      to.once('drain', () => {
        if (this.#to === to) this.#source.resume();
      });
    }
  };

  readonly #onBroken = (): void => {
    if (!this.#ended) this.#break(refuse('bad-request', { message: 'The body ended before it was whole' }));
  };

  #break(failure: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#fail?.(failure);
    this.detach();
  }

  readonly #onEnd = (): void => {
    if (this.#ended || this.#failure !== undefined) return;
    // A stream that dies under its reader ends as well; its bytes are not the whole body.
    if (this.#source.destroyed || (this.#announced !== undefined && this.#announced !== this.#size)) {
      this.#onBroken();
      return;
    }
    this.#ended = true;
    if (this.#to !== undefined && !this.#to.destroyed) this.#to.end();
  };

  #remember(chunk: Buffer): void {
    if (this.#replay === undefined) return;
    if (this.#size > maxReplayBytes) this.#replay = undefined;
    else this.#replay.push(chunk);
  }
}
