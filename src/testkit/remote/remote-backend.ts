import { once } from 'node:events';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { OutputOf, Rpc } from '#contract/rpc.ts';
import type { Authority, IssuedCertificate } from '../ca/index.ts';

/** A request as the remote received it. */
export interface ReceivedRpc {
  /** `brig/search-users` */
  readonly name: string;
  readonly originDomain: string | undefined;
  readonly version: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly input: unknown;
}

/** An answer to one RPC, any number of times. */
export interface ScriptedRpc {
  readonly name: string;
  /** A body of bytes is sent as it is, any other as JSON. */
  readonly answer: (received: ReceivedRpc) => { readonly status: number; readonly body: unknown };
}

/** Answers an RPC with a value, or with what `value` makes of the request. */
export function answers<R extends Rpc>(
  rpc: R,
  value: OutputOf<R> | ((received: ReceivedRpc) => OutputOf<R>),
): ScriptedRpc {
  const make = typeof value === 'function' ? (value as (received: ReceivedRpc) => unknown) : () => value;
  return {
    name: `${rpc.component}/${rpc.name}`,
    answer: (received) => ({ status: 200, body: make(received) }),
  };
}

/** Where the remote listens and who it is; a backend of a network that is down, or one of the test's own. */
export interface RemoteIdentity {
  readonly authority: Authority;
  readonly infrastructureDomain: string;
  readonly ingress: { readonly host: string; readonly port: number };
  /** In place of the certificate that the authority would issue for the infrastructure domain. */
  readonly certificate?: IssuedCertificate;
}

export interface RemoteBackend extends AsyncDisposable {
  readonly port: number;
  /** Every request, in order. */
  readonly received: readonly ReceivedRpc[];
}

/**
 * Listens as a remote's ingress: HTTP/2 over mutual TLS. It answers `api-version` with versions 0 and 1 and the given
 * RPCs; on disposal it throws when anything else was asked.
 */
export async function remoteBackend(
  identity: RemoteIdentity,
  scripted: readonly ScriptedRpc[],
): Promise<RemoteBackend> {
  const table = new Map([apiVersionAnswer, ...scripted].map((entry) => [entry.name, entry]));
  const received: ReceivedRpc[] = [];
  const unexpected: string[] = [];
  const issued = identity.certificate ?? identity.authority.issue({ names: [identity.infrastructureDomain] });
  const server = createSecureServer({
    cert: issued.chain,
    key: issued.key,
    ca: identity.authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    // A caller that goes away ends its session only; what it asked is in `received`.
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    readRequest(stream, headers).then(
      (request) => {
        received.push(request);
        const entry = table.get(request.name);
        if (entry === undefined) unexpected.push(request.name);
        respond(stream, entry?.answer(request) ?? { status: 404, body: notScripted(request.name) });
      },
      () => stream.destroy(),
    );
  });
  server.listen(identity.ingress.port, identity.ingress.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
      if (unexpected.length > 0)
        throw new Error(`the remote was asked what it did not expect: ${unexpected.join(', ')}`);
    },
  };
}

const apiVersionAnswer: ScriptedRpc = {
  name: 'brig/api-version',
  answer: () => ({ status: 200, body: { supported_versions: [0, 1], supported: [] } }),
};

function notScripted(name: string): unknown {
  return { code: 404, label: 'no-endpoint', message: `${name} is not scripted` };
}

async function readRequest(
  stream: ServerHttp2Stream,
  headers: Readonly<Record<string, unknown>>,
): Promise<ReceivedRpc> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const plain = Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  return {
    name: (plain[':path'] ?? '').replace(/^\/federation\//, ''),
    originDomain: plain['wire-origin-domain'],
    version: plain['x-wire-api-version'],
    headers: plain,
    input: text === '' ? undefined : JSON.parse(text),
  };
}

function respond(
  stream: ServerHttp2Stream,
  answer: { readonly status: number; readonly body: unknown },
): void {
  const [type, body] =
    answer.body instanceof Uint8Array
      ? ['application/octet-stream', answer.body]
      : ['application/json', JSON.stringify(answer.body)];
  stream.respond({ ':status': answer.status, 'content-type': type });
  stream.end(body);
}
