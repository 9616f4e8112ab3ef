import { fork } from 'node:child_process';
import { once } from 'node:events';

/** An error of the library, as it crosses from its process. */
export interface LibraryError {
  readonly name: string;
  readonly message: string;
  /** Status and label, if it was the backend that refused. */
  readonly code: unknown;
  readonly label: unknown;
}

/** Answers to what was asked. */
export type LibraryAnswer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: LibraryError };

/** A process that holds a client library: the libraries keep one user per process. */
export interface LibraryProcess<Asked> extends AsyncDisposable {
  /** Asks and resolves with the answer. @throws Error with `cause` the library's error */
  ask(asked: Asked): Promise<unknown>;
}

/** Starts a programme that answers each `{ call, ...asked }`, and hands everything else that it says to `hear`. */
export function openLibraryProcess<Asked extends object, Said extends object>(
  programme: string,
  args: readonly string[],
  hear: (said: Said) => void,
): LibraryProcess<Asked> {
  const child = fork(programme, [...args], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  child.on('message', (message: LibraryAnswer | Said) => {
    if (!isAnswer(message)) return hear(message);
    const answer = waiting.get(message.call);
    waiting.delete(message.call);
    if ('error' in message) answer?.reject(failure(message.error));
    else answer?.resolve(message.value);
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the library's process ended with ${code}`));
  });
  return {
    ask(asked) {
      const answer = Promise.withResolvers<unknown>();
      calls += 1;
      waiting.set(calls, answer);
      child.send({ call: calls, ...asked });
      return answer.promise;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

function isAnswer(message: object): message is LibraryAnswer {
  return 'call' in message;
}

function failure(error: LibraryError): Error {
  return new Error(`${error.label ?? error.name}: ${error.message}`, { cause: error });
}
