/**
 * Loaded into a backend before its own code (`node --import`): the process kills itself, as a power cut would, at one of
 * its decisive moments. `CRASH_POINT` names the moment, `CRASH_AFTER` how many of them pass unharmed.
 */

import http from 'node:http';
import http2, { type ClientHttp2Session, type ServerHttp2Session } from 'node:http2';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import process from 'node:process';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { CrashPoint } from './crash-point-names.ts';

const wanted = process.env.CRASH_POINT;
let unharmed = Number(process.env.CRASH_AFTER ?? 0);

function reach(point: CrashPoint): void {
  if (point !== wanted) return;
  if (unharmed > 0) unharmed -= 1;
  else process.kill(process.pid, 'SIGKILL');
}

/** Replaces a method by one that is told what is called and with what. */
function wrap<T extends object>(
  owner: T,
  name: keyof T & string,
  around: (call: () => unknown, self: unknown, args: unknown[]) => unknown,
) {
  const original = owner[name];
  if (typeof original !== 'function') throw new Error(`${name} is no method`);
  owner[name] = function (this: unknown, ...args: unknown[]) {
    return around(() => Reflect.apply(original, this, args), this, args);
  } as T[keyof T & string];
}

const commits = new WeakSet<StatementSync>();
wrap(DatabaseSync.prototype, 'prepare', (call, _, [sql]) => {
  const statement = call() as StatementSync;
  if (sql === 'COMMIT') commits.add(statement);
  return statement;
});
const statements = Object.getPrototypeOf(new DatabaseSync(':memory:').prepare('SELECT 1')) as StatementSync;
wrap(statements, 'run', (call, self) => {
  if (!commits.has(self as StatementSync)) return call();
  reach('before-commit');
  const done = call();
  reach('after-commit');
  return done;
});

// PostgreSQL's COMMIT goes over a socket, and has happened when the server says the next thing on it.
const isCommit = (chunk: unknown) => Buffer.isBuffer(chunk) && chunk.includes('COMMIT\0');
wrap(net.Socket.prototype, 'write', (call, self, [chunk]) => {
  if (!isCommit(chunk)) return call();
  reach('before-commit');
  (self as net.Socket).once('data', () => reach('after-commit'));
  return call();
});

// Calls of remotes, and their answers.
wrap(http2, 'connect', (call) => {
  const session = call() as ClientHttp2Session;
  wrap(session, 'request', (request) => {
    reach('before-request');
    const stream = request() as ReturnType<ClientHttp2Session['request']>;
    stream.once('response', () => reach('after-response'));
    return stream;
  });
  return session;
});

// What remotes are answered. The class of their streams has no name outside Node.
let hasPatched = false;
function watchAnswers(session: ServerHttp2Session): void {
  session.prependOnceListener('stream', (stream) => {
    if (hasPatched) return;
    hasPatched = true;
    wrap(Object.getPrototypeOf(stream), 'respond', (call) => {
      reach('before-respond');
      const done = call();
      reach('after-respond');
      return done;
    });
  });
}
for (const create of ['createSecureServer', 'createServer'] as const)
  wrap(http2, create, (call) => {
    const server = call() as ReturnType<typeof http2.createSecureServer>;
    server.on('session', watchAnswers);
    return server;
  });

// What clients are answered.
wrap(http.ServerResponse.prototype, 'end', (call) => {
  reach('before-answer');
  const done = call();
  reach('after-answer');
  return done;
});

syncBuiltinESMExports();
