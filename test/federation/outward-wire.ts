import { once } from 'node:events';
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import type { ErrorBody } from '#contract/refusal.ts';
import type { HttpLimits, PlainListener } from '../../src/federator/listener/index.ts';
import { openOutwardListener } from '../../src/federator/outward/index.ts';
import { type OutwardRig, openOutwardRig } from './outward-calls.ts';
import {
  openTlsRemote,
  remote,
  remoteHost,
  type StreamHandler,
  type TlsRemote,
  target,
} from './outward-rig.ts';

/** The outward listener in front of a real remote, and what raw callers send to it. */
export interface WireRig extends AsyncDisposable {
  readonly rig: OutwardRig;
  readonly listener: PlainListener;
  readonly peer: TlsRemote;
  /** Bodies as the remote received them. */
  readonly bodies: Buffer[];
}

export interface WireOptions {
  readonly limits?: Partial<HttpLimits>;
  readonly maxBodyBytes?: number;
  readonly idleTimeoutMs?: number;
  readonly handler?: StreamHandler;
}

export async function openWireRig(options: WireOptions = {}): Promise<WireRig> {
  const stack = new AsyncDisposableStack();
  const { maxBodyBytes, idleTimeoutMs } = options;
  const rig = stack.use(
    openOutwardRig(
      {},
      {
        ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
        ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
      },
    ),
  );
  const bodies: Buffer[] = [];
  const collect: StreamHandler = (stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      if (stream.destroyed) return;
      bodies.push(Buffer.concat(chunks));
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end('{"ok":true}');
    });
  };
  const peer = stack.use(
    await openTlsRemote({ authority: rig.authority, handler: options.handler ?? collect }),
  );
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const listener = stack.use(
    await openOutwardListener({ host: '127.0.0.1', port: 0, outward: rig.outward, limits: options.limits }),
  );
  return { rig, listener, peer, bodies, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

export interface WireAnswer {
  /** 0 when the connection or stream ended without an answer. */
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** Sends bytes on a fresh socket and reads until the listener closes or the answer is whole. */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<WireAnswer> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (isWhole(Buffer.concat(chunks).toString('latin1'))) socket.destroy();
  });
  socket.write(bytes);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  const text = Buffer.concat(chunks).toString('latin1');
  const split = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  return {
    status,
    headers: text.slice(0, Math.max(split, 0)),
    body: split === -1 ? '' : text.slice(split + 4),
  };
}

function isWhole(text: string): boolean {
  const split = text.indexOf('\r\n\r\n');
  if (split === -1) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, split))?.[1];
  if (length !== undefined) return text.length >= split + 4 + Number(length);
  return text.endsWith('0\r\n\r\n');
}

/** An HTTP/1.1 request as text, with a body and the usual headers. */
export function http1(
  path: string,
  options: {
    readonly method?: string;
    readonly headers?: readonly string[];
    readonly body?: string | Buffer;
  } = {},
): Buffer {
  const body = Buffer.from(options.body ?? '[]');
  const lines = [
    `${options.method ?? 'POST'} ${path} HTTP/1.1`,
    'Host: federator',
    'Wire-Origin-Domain: a.example.com',
    `Content-Length: ${body.length}`,
    ...(options.headers ?? []),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** The same over HTTP/2, on a session of its own. */
export async function sendHttp2(
  url: string,
  headers: OutgoingHttpHeaders,
  body: string | Buffer = '[]',
): Promise<WireAnswer> {
  const session = connectHttp2(url);
  session.on('error', () => undefined);
  try {
    const stream = session.request({ ':method': 'POST', 'wire-origin-domain': 'a.example.com', ...headers });
    const chunks: Buffer[] = [];
    let status = 0;
    let head = '';
    stream.on('response', (received) => {
      status = received[':status'] ?? 0;
      head = JSON.stringify(received);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => undefined);
    stream.end(body);
    if (!stream.destroyed) await once(stream, 'close').catch(() => undefined);
    return { status, headers: head, body: Buffer.concat(chunks).toString('utf8') };
  } finally {
    session.destroy();
  }
}

export function errorOf(answer: WireAnswer): ErrorBody {
  return JSON.parse(answer.body) as ErrorBody;
}
