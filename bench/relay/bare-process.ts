import { readFileSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { parseArgs } from 'node:util';
import { answer } from './payload.ts';

/**
 * A relay of bare `node:http2` without any logic, as a measure: no routing, no checks, no metrics, one session onward.
 *
 *   egress    cleartext HTTP/2 in, one mutually authenticated session out
 *   ingress   mutual TLS in, one cleartext session out
 *   answering mutual TLS in, answers itself
 *   backend   cleartext in, answers
 */

const { values } = parseArgs({
  options: {
    role: { type: 'string', default: '' },
    port: { type: 'string', default: '0' },
    to: { type: 'string', default: '0' },
    folder: { type: 'string', default: '.' },
  },
});

type Body = (body: Buffer) => void;
type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

function collect(stream: NodeJS.ReadableStream, done: Body): void {
  let whole: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    whole = whole.length === 0 ? chunk : Buffer.concat([whole, chunk]);
  });
  stream.on('end', () => done(whole));
  stream.on('error', () => undefined);
}

const answering: Handler = (stream) =>
  collect(stream, () => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(answer);
  });

function relayTo(session: ClientHttp2Session): Handler {
  return (stream, headers) =>
    collect(stream, (question) => {
      const onward = session.request({
        ':method': 'POST',
        ':path': headers[':path'],
        'content-type': headers['content-type'],
      });
      let head: IncomingHttpHeaders & { ':status'?: number } = {};
      onward.on('response', (received) => {
        head = received;
      });
      collect(onward, (body) => {
        if (stream.destroyed) return;
        stream.respond({ ':status': head[':status'], 'content-type': head['content-type'] });
        stream.end(body);
      });
      onward.end(question);
    });
}

function tls(side: 'a' | 'b') {
  const read = (name: string) => readFileSync(`${values.folder}/${name}`);
  return { cert: read(`${side}.pem`), key: read(`${side}.key`), ca: read('ca.pem') };
}

const roomy = { settings: { maxConcurrentStreams: 1000 } };

function open(role: string): Http2Server {
  switch (role) {
    case 'backend':
      return createServer(roomy, undefined).on('stream', answering);
    case 'answering':
    case 'ingress': {
      const server = createSecureServer({
        ...tls('b'),
        requestCert: true,
        rejectUnauthorized: true,
        ...roomy,
      });
      const handler = role === 'answering' ? answering : relayTo(connect(`http://127.0.0.1:${values.to}`));
      return server.on('stream', handler);
    }
    case 'egress': {
      const options = { ...tls('a'), servername: 'wire.b.example.com' };
      return createServer(roomy).on('stream', relayTo(connect(`https://127.0.0.1:${values.to}`, options)));
    }
    default:
      throw new Error(`no role ${role}`);
  }
}

open(values.role).listen(Number(values.port), '127.0.0.1', () => process.stdout.write('ready\n'));
// An exit of its own writes the profile that `BENCH_CPU_PROF` asks for.
process.once('SIGTERM', () => process.exit(0));
