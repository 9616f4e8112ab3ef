import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import * as handles from '#contract/client/handles.ts';
import * as keyPackages from '#contract/client/key-packages.ts';
import * as loginRoutes from '#contract/client/login.ts';
import * as search from '#contract/client/search.ts';
import * as self from '#contract/client/self.ts';
import * as users from '#contract/client/users.ts';
import { type BackendDomain, parseUuid, type UserId } from '#contract/ids.ts';
import type { Route, RouteRequest, ServedRoute } from '#contract/route.ts';
import type { VerifiedToken } from '#contract/verified-token.ts';
import { type GatewayOptions, openGateway } from '#gateway';

export const alice = parseUuid('0f4b5f1e-6f6c-4d0b-9d7e-3c1f5a2b7c11') as UserId;

const accessToken: VerifiedToken = {
  type: 'a',
  userId: alice,
  clientId: undefined,
  connectionId: '17',
  expiresAt: -1,
};

/** Tokens by their text; whatever else is presented does not verify. */
const tokens: Readonly<Record<string, VerifiedToken>> = {
  'alices-access-token': accessToken,
  'alices-cookie': { ...accessToken, type: 'u', connectionId: undefined },
  'bot-token': { ...accessToken, type: 'b', userId: undefined, connectionId: undefined },
  'provider-token': { ...accessToken, type: 'p', userId: undefined, connectionId: undefined },
  'legalhold-token': { ...accessToken, type: 'la' },
};

/** The gateway with the contract's own routes, whose handlers only remember that they were called. */
export interface ClientSurface extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly calls: readonly { readonly route: Route; readonly request: RouteRequest<Route> }[];
  /** Bytes that the gateway has read on all its connections so far. */
  bytesRead(): number;
}

/** Counts what the servers of this process read on connections that come from now on. */
export function watchBytesRead(): Disposable & { bytesRead(): number } {
  const sockets = new Set<Socket>();
  let bytesOfClosed = 0;
  const accepted = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      bytesOfClosed += socket.bytesRead;
    });
  };
  subscribe('net.server.socket', accepted);
  return {
    bytesRead: () => [...sockets].reduce((sum, socket) => sum + socket.bytesRead, bytesOfClosed),
    [Symbol.dispose]: () => unsubscribe('net.server.socket', accepted),
  };
}

export async function openClientSurface(options: Partial<GatewayOptions> = {}): Promise<ClientSurface> {
  const calls: { route: Route; request: RouteRequest<Route> }[] = [];
  const watch = watchBytesRead();
  const declared = [self, users, search, handles, loginRoutes, keyPackages].flatMap((file) =>
    Object.values(file).filter(isRoute),
  );
  const routes = declared.map((route): ServedRoute => {
    const [status = '200'] = Object.keys(route.answers);
    const body = route.answers[Number(status)] === null ? undefined : {};
    return {
      route,
      handler: (request: never) => {
        calls.push({ route, request });
        return { status: Number(status), body };
      },
    };
  });
  const gateway = await openGateway({
    listen: { host: '127.0.0.1', port: 0 },
    routes,
    verifyToken: (text) => (Object.hasOwn(tokens, text) ? tokens[text] : undefined),
    ownDomain: 'a.example.com' as BackendDomain,
    federationEnabled: true,
    ...options,
  });
  return {
    port: gateway.port,
    url: gateway.url,
    calls,
    bytesRead: () => watch.bytesRead(),
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

function isRoute(value: unknown): value is Route {
  return typeof value === 'object' && value !== null && 'method' in value && 'answers' in value;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const headEnd = '\r\n\r\n';

/**
 * Sends bytes as they are on a new connection and reads one answer. `more` goes on sending until it returns undefined
 * or the answer is there.
 */
export function sendRaw(
  port: number,
  bytes: string | Uint8Array,
  more?: () => string | Uint8Array | undefined,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    const finish = () => {
      const answer = readAnswer(received);
      if (answer === undefined) return;
      socket.destroy();
      resolve(answer);
    };
    const pump = () => {
      for (let piece = more?.(); piece !== undefined; piece = more?.()) if (!socket.write(piece)) return;
    };
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      finish();
    });
    socket.on('drain', pump);
    socket.on('error', (error) => reject(new Error(`no answer: ${error.message}; so far: ${received}`)));
    socket.on('close', () => reject(new Error(`closed without a whole answer; so far: ${received}`)));
    socket.write(bytes);
    pump();
  });
}

function readAnswer(received: string): RawAnswer | undefined {
  const end = received.indexOf(headEnd);
  if (end === -1) return undefined;
  const [statusLine = '', ...lines] = received.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const body = received.slice(end + headEnd.length);
  if (body.length < Number(headers.get('content-length') ?? 0)) return undefined;
  const status = Number(statusLine.split(' ')[1]);
  // An interim answer is followed by the real one.
  if (status === 100) return readAnswer(body);
  return { status, headers, body: Buffer.from(body, 'latin1').toString('utf8') };
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Header lines; the first ones are `Host` and a good token unless `bare`. */
  readonly headers?: readonly string[];
  readonly bare?: boolean;
  readonly body?: string | Uint8Array;
}

/** The bytes of a request. Bodies get their length and the JSON type unless headers name them. */
export function rawRequest(request: RawRequest): Buffer {
  const { method = 'GET', path = '/v5/self', headers = [], bare = false, body } = request;
  const names = new Set(headers.map((line) => line.slice(0, line.indexOf(':')).toLowerCase()));
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(bare ? [] : ['Host: a.example.com', 'Authorization: Bearer alices-access-token']),
    ...(body === undefined || names.has('content-type') ? [] : ['Content-Type: application/json']),
    ...(body === undefined || names.has('transfer-encoding') || names.has('content-length')
      ? []
      : [`Content-Length: ${bytes.length}`]),
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}${headEnd}`, 'latin1'), bytes]);
}
