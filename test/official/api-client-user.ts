import { fileURLToPath } from 'node:url';
import { type NetworkBackend, until } from '#testkit';
import { type LibraryAnswer, openLibraryProcess } from './library-process.ts';

interface MemberCall {
  /** Members from `APIClient` down to a method or value. */
  readonly path: readonly string[];
  readonly args: readonly unknown[];
}

/** What the parent asks of the process that holds the library. */
export type ToUser = MemberCall & { readonly call: number };

type Said = { readonly notification: unknown } | { readonly state: number };

export type FromUser = LibraryAnswer | Said;

/** A notification as the library hands it over. */
export interface LibraryNotification {
  readonly id: string;
  readonly payload: readonly { readonly type: string; readonly [member: string]: unknown }[];
}

/** A user of Wire's client library. */
export interface OfficialUser extends AsyncDisposable {
  /** Calls a member of the library: `call('api.self.getSelf')`. @throws Error with `cause` the library's error */
  call(path: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Every notification that the WebSocket has brought so far. */
  readonly notifications: readonly LibraryNotification[];
  /** Resolves when the library's WebSocket is open. */
  opened(): Promise<void>;
}

const openState = 1;
const programme = fileURLToPath(new URL('./api-client-process.ts', import.meta.url));

/** Starts the library against a backend, with the highest API version up to `version` that the backend offers. */
export async function openOfficialUser(backend: NetworkBackend, version: number): Promise<OfficialUser> {
  const notifications: LibraryNotification[] = [];
  let state = 0;
  const library = openLibraryProcess<MemberCall, Said>(
    programme,
    [backend.clientApi, backend.websocket],
    (said) => {
      if ('state' in said) state = said.state;
      else notifications.push(said.notification as LibraryNotification);
    },
  );
  const call = (path: string, ...args: readonly unknown[]) => library.ask({ path: path.split('.'), args });
  await call('useVersion', 1, version);
  return {
    call,
    notifications,
    async opened() {
      await until('the WebSocket to be open', () => state === openState);
    },
    [Symbol.asyncDispose]: () => library[Symbol.asyncDispose](),
  };
}
