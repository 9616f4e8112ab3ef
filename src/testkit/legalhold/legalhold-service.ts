import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../ca/index.ts';
import { lastResortId, makePrekey, makePrekeys } from '../clients/prekeys.ts';

/** What the service was asked, as it came. */
export interface LegalholdRequest {
  readonly method: string;
  /** Below the base URL: `/initiate`. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LegalholdServiceOptions {
  /** Where its certificate ends. */
  readonly notAfter?: Date;
}

/** A service that makes a new device whenever it is asked, and keeps what it is told. */
export interface LegalholdTestService extends AsyncDisposable {
  /** What a team registers of it. */
  readonly settings: { readonly base_url: string; readonly public_key: string; readonly auth_token: string };
  readonly requests: readonly LegalholdRequest[];
  /** Answers a path so from now on; as usual when nothing is given. */
  answer(path: string, reply?: { readonly status: number; readonly body?: unknown }): void;
}

const basePath = '/legalhold';

export async function openLegalholdService(
  options: LegalholdServiceOptions = {},
): Promise<LegalholdTestService> {
  const { certificate, key } = createAuthority({ key: 'RSA-2048', commonName: 'Legal hold', ...options });
  const requests: LegalholdRequest[] = [];
  const replies = new Map<string, { readonly status: number; readonly body?: unknown }>();
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    const path = (request.url ?? '').slice(basePath.length);
    const { authorization } = request.headers;
    requests.push({ method: request.method ?? '', path, authorization, body: await readJson(request) });
    const { status, body } = replies.get(path) ?? usualReply(path);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    settings: {
      base_url: `https://127.0.0.1:${port}${basePath}`,
      public_key: String(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' })),
      auth_token: 'a-token-of-the-team',
    },
    requests,
    answer(path, reply) {
      if (reply === undefined) replies.delete(path);
      else replies.set(path, reply);
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.closeAllConnections();
      server.close();
      await closed;
    },
  };
}

function usualReply(path: string): { readonly status: number; readonly body?: unknown } {
  if (path !== '/initiate') return { status: 200 };
  return { status: 200, body: { prekeys: makePrekeys(0, 3), last_prekey: makePrekey(lastResortId) } };
}

async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
}
