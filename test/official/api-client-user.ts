import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type NetworkBackend, until } from '#testkit';

/** What the parent asks of the process that holds the library. */
export interface ToUser {
  readonly call: number;
  /** Members from `APIClient` down to a method or value. */
  readonly path: readonly string[];
  readonly args: readonly unknown[];
}

export interface LibraryError {
  readonly name: string;
  readonly message: string;
  /** The backend's status, label, if it was the backend that refused. */
  readonly code: unknown;
  readonly label: unknown;
}

export type FromUser =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: LibraryError }
  | { readonly notification: unknown }
  | { readonly state: number };

/** A notification as the library hands it over. */
export interface LibraryNotification {
  readonly id: string;
  readonly payload: readonly { readonly type: string; readonly [member: string]: unknown }[];
}

/** A user of the official client library. */
export interface OfficialUser extends AsyncDisposable {
  /** Calls a member of the library: `call('api.self.getSelf')`. @throws Error with `cause` the library's error */
  call(path: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Every notification that the WebSocket has brought so far. */
  readonly notifications: readonly LibraryNotification[];
  /** Resolves with the first event of a type that the WebSocket brought. */
  event(type: string): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves when the library's WebSocket is open. */
  opened(): Promise<void>;
}

const openState = 1;
const programme = fileURLToPath(new URL('./api-client-process.ts', import.meta.url));

/** Starts the library against a backend, with the highest API version up to `version` that the backend offers. */
export async function openOfficialUser(backend: NetworkBackend, version: number): Promise<OfficialUser> {
  const child = fork(programme, [backend.clientApi, backend.websocket], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const notifications: LibraryNotification[] = [];
  let state = 0;
  let calls = 0;
  child.on('message', (message: FromUser) => {
    if ('notification' in message) notifications.push(message.notification as LibraryNotification);
    else if ('state' in message) state = message.state;
    else if ('error' in message)
      waiting.get(message.call)?.reject(
        new Error(`${message.error.label ?? message.error.name}: ${message.error.message}`, {
          cause: message.error,
        }),
      );
    else waiting.get(message.call)?.resolve(message.value);
  });
  const call = (path: string, ...args: readonly unknown[]) => {
    const answer = Promise.withResolvers<unknown>();
    calls += 1;
    waiting.set(calls, answer);
    child.send({ call: calls, path: path.split('.'), args } satisfies ToUser);
    return answer.promise;
  };
  const events = () => notifications.flatMap(({ payload }) => payload);
  const user: OfficialUser = {
    call,
    notifications,
    async event(type) {
      return until(`an event ${type}, of ${events().map((event) => event.type)}`, () =>
        events().find((event) => event.type === type),
      );
    },
    async opened() {
      await until('the WebSocket to be open', () => state === openState);
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
  await call('useVersion', 1, version);
  return user;
}
