import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UserId } from '#contract/ids.ts';
import type { ClientAnswer, ClientOrder, ServerAnswer, ServerOrder } from './protocol.ts';

/**
 * Live events to 1, 100 and 1,000 sockets, a backlog to reconnecting clients, and the memory of idle sockets. Every
 * event is committed and synced before it is sent. Server and clients are processes of their own, on loopback; the
 * server makes the events itself, so what is measured is the way from a push to the sockets. Each measurement has a
 * fresh pair of processes and database.
 */
export async function run(): Promise<readonly object[]> {
  const rows: object[] = [];
  const measure = async (take: (pair: Pair) => Promise<object>) => {
    await using pair = await openPair();
    rows.push(await take(pair));
  };
  await measure((pair) => live(pair, 1, 20_000));
  await measure((pair) => live(pair, 100, 1_000));
  await measure((pair) => live(pair, 1_000, 100));
  await measure((pair) => backlog(pair, 1, 10_000));
  await measure((pair) => backlog(pair, 10, 1_000));
  await measure((pair) => backlog(pair, 1_000, 10));
  await measure((pair) => idle(pair, 10_000));
  return rows;
}

interface Peer<Order, Answer> extends AsyncDisposable {
  readonly hello: Answer;
  ask(order: Order): Promise<Answer>;
}

interface Pair extends AsyncDisposable {
  readonly url: string;
  readonly server: Peer<ServerOrder, ServerAnswer>;
  readonly clients: Peer<ClientOrder, ClientAnswer>;
}

const window = 32;

async function live({ url, server, clients }: Pair, sockets: number, count: number): Promise<object> {
  const users = newUsers(sockets);
  await clients.ask({ tag: 'open', url, users });
  const round = async (events: number) => {
    const all = clients.ask({ tag: 'expect', frames: events });
    const before = await server.ask({ tag: 'usage' });
    const start = performance.now();
    await server.ask({ tag: 'push', users, count: events, window });
    await all;
    const seconds = (performance.now() - start) / 1000;
    const { cpuMs } = await server.ask({ tag: 'usage' });
    return { seconds, cpuMs: cpuMs - before.cpuMs };
  };
  await round(Math.ceil(count / 10));
  const { seconds, cpuMs } = await round(count);
  return row(`live, ${sockets} sockets`, count, count * sockets, seconds, cpuMs);
}

async function backlog({ url, server, clients }: Pair, sockets: number, each: number): Promise<object> {
  const users = newUsers(sockets);
  await server.ask({ tag: 'fill', users, count: each });
  const warmUp = newUsers(10);
  await server.ask({ tag: 'fill', users: warmUp, count: 100 });
  await clients.ask({ tag: 'catch-up', url, users: warmUp });
  const before = await server.ask({ tag: 'usage' });
  const start = performance.now();
  const { frames } = await clients.ask({ tag: 'catch-up', url, users });
  const seconds = (performance.now() - start) / 1000;
  const { cpuMs } = await server.ask({ tag: 'usage' });
  if (frames !== sockets * each) throw new Error(`${frames} of ${sockets * each} events arrived`);
  return row(`backlog, ${sockets} clients`, frames, frames, seconds, cpuMs - before.cpuMs);
}

async function idle({ url, server, clients }: Pair, sockets: number): Promise<object> {
  // The first sockets make the code warm and the heap as large as it is with any number of them.
  await clients.ask({ tag: 'open', url, users: newUsers(500) });
  const before = await server.ask({ tag: 'usage' });
  const start = performance.now();
  await clients.ask({ tag: 'open', url, users: newUsers(sockets) });
  const seconds = (performance.now() - start) / 1000;
  await server.ask({ tag: 'usage' });
  const { cpuMs, rssBytes } = await server.ask({ tag: 'usage' });
  const kib = (rssBytes - before.rssBytes) / sockets / 1024;
  const opened = row(`idle, ${sockets} sockets`, sockets, sockets, seconds, cpuMs - before.cpuMs);
  return { ...opened, 'KiB per socket': Number(kib.toFixed(2)) };
}

function row(name: string, events: number, deliveries: number, seconds: number, cpuMs: number): object {
  return {
    measurement: name,
    'events/s': Math.round(events / seconds),
    'deliveries/s': Math.round(deliveries / seconds),
    'CPU-ms per event': Number((cpuMs / events).toFixed(3)),
    'CPU-µs per delivery': Number(((cpuMs / deliveries) * 1000).toFixed(1)),
    'KiB per socket': '',
  };
}

function newUsers(count: number): readonly UserId[] {
  return Array.from({ length: count }, () => randomUUID() as UserId);
}

async function openPair(): Promise<Pair> {
  const stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'crosswire-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const database = `sqlite:${join(folder, 'bench.db')}`;
  const server = stack.use(await openPeer<ServerOrder, ServerAnswer>('server-process.ts', database));
  const clients = stack.use(await openPeer<ClientOrder, ClientAnswer>('client-process.ts'));
  return {
    url: server.hello.url ?? '',
    server,
    clients,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Starts a process that may have as many sockets as the system lets it. */
async function openPeer<Order extends object, Answer>(
  script: string,
  ...args: string[]
): Promise<Peer<Order, Answer>> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const command = 'ulimit -n "$(ulimit -Hn)"; exec "$0" --expose-gc "$@"';
  const child = spawn('sh', ['-c', command, process.execPath, file, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const hello = await nextAnswer<Answer>(child);
  return {
    hello,
    ask(order) {
      child.send(order);
      return nextAnswer<Answer>(child);
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

async function nextAnswer<Answer>(child: ChildProcess): Promise<Answer> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error('a process of the benchmark ended early');
  });
  try {
    const [answer] = await Promise.race([once(child, 'message'), exit]);
    return answer as Answer;
  } finally {
    ended.abort();
    exit.catch(() => {});
  }
}
