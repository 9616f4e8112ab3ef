import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { parseBackendDomain } from '#contract/ids.ts';
import { type Component, components } from '#contract/rpc.ts';
import { federationHeaders, type RpcRequest } from '#contract/rpc-transport.ts';
import type { Wire } from '../federation/outbox-rig.ts';

/** The outward side of a federator for a process of its own: what it is asked goes over the test's wire. */
export async function openOutward(wire: Wire): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    relay(wire, stream, headers).catch(() => stream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

async function relay(
  wire: Wire,
  stream: ServerHttp2Stream,
  headers: Readonly<Record<string, unknown>>,
): Promise<void> {
  const body = await readAll(stream);
  const [, , domain = '', component = '', rpc = ''] = String(headers[':path']).split('/');
  const named = Object.entries(headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !entry[0].startsWith(':'),
  );
  const session = headers[federationHeaders.session];
  const request: RpcRequest = {
    domain: parseBackendDomain(domain) ?? wire.origin,
    component: components.find((known) => known === component) as Component,
    rpc,
    headers: Object.fromEntries(named),
    body,
    session: session === undefined ? undefined : Number(session),
  };
  const answer = await wire.send(request);
  if (stream.destroyed) return;
  stream.respond({
    ':status': answer.status,
    ...answer.headers,
    ...(answer.session === undefined ? {} : { [federationHeaders.session]: String(answer.session) }),
  });
  stream.end(await readAll(answer.body));
}

async function readAll(from: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of from) chunks.push(chunk);
  return Buffer.concat(chunks);
}
