/**
 * One user with Wire's own client library, in a process of its own: the library keeps the cookie in its module, so there
 * is one user per process. The parent calls members of the library's `APIClient` by their path and hears every
 * notification that the library takes from its WebSocket.
 */

import process from 'node:process';
import apiClient from '@wireapp/api-client';
import { WebSocketClient } from '@wireapp/api-client/lib/tcp/index.js';
import type { FromUser, ToUser } from './api-client-user.ts';

const [rest = '', ws = ''] = process.argv.slice(2);
const client = new apiClient.APIClient({ urls: { name: 'test', rest, ws } });

function tell(message: FromUser): void {
  process.send?.(message);
}

client.transport.ws.on(WebSocketClient.TOPIC.ON_MESSAGE, (notification) => tell({ notification }));
client.transport.ws.on(WebSocketClient.TOPIC.ON_STATE_CHANGE, (state) => tell({ state }));

process.on('message', ({ call, path, args }: ToUser) => {
  answer(path, args).then(
    (value) => tell({ call, value }),
    (error: Error & { readonly code?: unknown; readonly label?: unknown }) =>
      tell({
        call,
        error: { name: error.name, message: error.message, code: error.code, label: error.label },
      }),
  );
});

/** Calls `client.a.b(…)` for the path `['a', 'b']`; a path that names a value answers with it. */
async function answer(path: readonly string[], args: readonly unknown[]): Promise<unknown> {
  let owner: unknown;
  let found: unknown = client;
  for (const name of path) {
    owner = found;
    found = Reflect.get(Object(found), name);
  }
  const value: unknown = typeof found === 'function' ? await Reflect.apply(found, owner, args) : found;
  if (value === client.transport.ws) return null;
  return isCancellable(value) ? await value.response : (value ?? null);
}

/** How the library answers what can be cancelled. */
function isCancellable(value: unknown): value is { readonly response: Promise<unknown> } {
  return value instanceof Object && 'response' in value && value.response instanceof Promise;
}
