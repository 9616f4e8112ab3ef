import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { judge, type Message, type OutgoingQuery } from './message.ts';
import type { NameServer } from './name-servers.ts';
import type { QueryOutcome } from './telemetry.ts';

/** One name server could not be asked, or its answer cannot be used. Another one may do better. */
export class ServerFailure extends Error {
  readonly outcome: QueryOutcome;

  constructor(outcome: QueryOutcome, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ServerFailure';
    this.outcome = outcome;
  }
}

/** Wrong answers on one socket after which somebody is guessing ids, and the question moves to TCP. */
const maxIgnored = 16;

/**
 * Asks one server once: by UDP from a fresh socket with its own random port, by TCP when the answer is truncated.
 * The datagram socket is connected, so that the kernel drops what comes from any other address or port.
 *
 * @param signal ends the attempt: its time is over, or discovery is being closed.
 * @throws ServerFailure
 */
export async function exchange(
  server: NameServer,
  query: OutgoingQuery,
  signal: AbortSignal,
): Promise<Message> {
  const answer = await overUdp(server, query, signal);
  return answer === 'ask over TCP' ? overTcp(server, query, signal) : answer;
}

async function overUdp(
  server: NameServer,
  query: OutgoingQuery,
  signal: AbortSignal,
): Promise<Message | 'ask over TCP'> {
  const { promise, resolve, reject } = Promise.withResolvers<Message | 'ask over TCP'>();
  const socket = createSocket(server.family === 6 ? 'udp6' : 'udp4');
  let ignored = 0;
  let lastIgnored = '';
  const expire = (): void => {
    const seen = ignored === 0 ? '' : `; ${ignored} packets ignored, the last because ${lastIgnored}`;
    reject(new ServerFailure('timeout', `no answer in time${seen}`));
  };
  socket.on('error', (cause) => reject(new ServerFailure('unreachable', cause.message, cause)));
  socket.on('connect', () => socket.send(query.bytes));
  socket.on('message', (bytes) => {
    const verdict = judge(bytes, query);
    if (verdict.verdict === 'answer') resolve(verdict.message);
    else if (verdict.verdict === 'truncated') resolve('ask over TCP');
    else if (verdict.verdict === 'malformed')
      reject(new ServerFailure('malformed', `malformed answer: ${verdict.why}`, verdict.cause));
    else {
      ignored += 1;
      lastIgnored = verdict.why;
      if (ignored === maxIgnored) resolve('ask over TCP');
    }
  });
  signal.addEventListener('abort', expire, { once: true });
  if (signal.aborted) expire();
  else socket.connect(server.port, server.address);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', expire);
    socket.close();
  }
}

async function overTcp(server: NameServer, query: OutgoingQuery, signal: AbortSignal): Promise<Message> {
  const { promise, resolve, reject } = Promise.withResolvers<Message>();
  const socket = connect({ host: server.address, port: server.port });
  const expire = (): void => reject(new ServerFailure('timeout', 'no answer over TCP in time'));
  let received = Buffer.alloc(0);
  socket.on('error', (cause) =>
    reject(new ServerFailure('unreachable', `over TCP: ${cause.message}`, cause)),
  );
  socket.on('close', () =>
    reject(new ServerFailure('unreachable', 'the server closed the TCP connection without an answer')),
  );
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    const verdict = judge(received.subarray(2, 2 + received.readUInt16BE(0)), query);
    if (verdict.verdict === 'answer') resolve(verdict.message);
    else if (verdict.verdict === 'truncated')
      reject(new ServerFailure('truncated', 'the answer is truncated over TCP, too'));
    else if (verdict.verdict === 'malformed')
      reject(new ServerFailure('malformed', `malformed answer over TCP: ${verdict.why}`, verdict.cause));
    else reject(new ServerFailure('mismatch', `over TCP ${verdict.why}`));
  });
  signal.addEventListener('abort', expire, { once: true });
  if (signal.aborted) expire();
  socket.write(withLength(query.bytes));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', expire);
    socket.destroy();
  }
}

/** RFC 1035 4.2.2: over TCP two bytes of length go first. */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
