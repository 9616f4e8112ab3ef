import { OperatorError } from '../../terminal/failure.ts';
import type { Paint } from '../../terminal/paint.ts';

/** Tells a newcomer what happens, and stops the demo when something else happened. */
export class Story {
  readonly #out: NodeJS.WritableStream;
  readonly #paint: Paint;
  #steps = 0;

  constructor(out: NodeJS.WritableStream, paint: Paint) {
    this.#out = out;
    this.#paint = paint;
  }

  title(text: string): void {
    this.#out.write(`\n${this.#paint('bold', text)}\n`);
  }

  /** A flow begins: its steps count from 1. */
  flow(name: string, about: string): void {
    this.#steps = 0;
    this.title(name);
    this.say(about);
  }

  say(text: string): void {
    this.#out.write(`${text}\n`);
  }

  step(text: string): void {
    this.#steps += 1;
    this.#out.write(`\n${this.#paint('cyan', `${this.#steps}.`)} ${text}\n`);
  }

  /** Something that was seen, not something that ought to be. */
  fact(what: string, seen: string): void {
    this.#out.write(`   ${this.#paint('dim', what.padEnd(14))} ${seen}\n`);
  }

  /** What must be so for the demo to go on. */
  check(what: string, holds: boolean, seen: string): void {
    if (!holds) throw new OperatorError(`   ✗ ${what}; found: ${seen}`);
    this.#out.write(`   ${this.#paint('green', '✓')} ${what}\n`);
  }
}
