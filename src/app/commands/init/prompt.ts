import { createInterface } from 'node:readline/promises';
import { OperatorError } from '../../terminal/failure.ts';

/** One thing that `init` has to know. */
export interface Question<T> {
  /** What the command line said. */
  readonly given: string | undefined;
  readonly flag: string;
  readonly question: string;
  readonly fallback?: string;
  /** @throws OperatorError saying what was expected. */
  read(text: string): T;
}

export interface Prompt extends AsyncDisposable {
  /** The flag's value, else what the operator types, else the fallback. */
  ask<T>(question: Question<T>): Promise<T>;
}

/** Asks on the terminal; without one, what has neither flag nor fallback is an error. */
export function openPrompt(interactive: boolean): Prompt {
  const terminal = interactive
    ? createInterface({ input: process.stdin, output: process.stderr })
    : undefined;
  return {
    async ask(question) {
      const { given, fallback, flag } = question;
      if (given !== undefined) return readFlag(question, given);
      if (terminal === undefined) {
        if (fallback !== undefined) return question.read(fallback);
        throw new OperatorError(`${flag} is missing: ${question.question}`);
      }
      for (;;) {
        const hint = fallback === undefined ? '' : ` [${fallback}]`;
        const typed = (await terminal.question(`${question.question}${hint}: `)).trim() || fallback;
        try {
          return question.read(typed ?? '');
        } catch (error) {
          if (!(error instanceof OperatorError)) throw error;
          process.stderr.write(`  ${error.message}\n`);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      terminal?.close();
    },
  };
}

function readFlag<T>({ flag, read }: Question<T>, given: string): T {
  try {
    return read(given);
  } catch (cause) {
    if (!(cause instanceof OperatorError)) throw cause;
    throw new OperatorError(`${flag}: found ${given}, ${cause.message}`, { cause });
  }
}
