import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Where ports are looked for: below the range from which systems take the local port of outgoing connections (Linux
 * from 32768, others from 49152), so that a backend that was killed finds its ports free when it comes back.
 */
const lowest = 10_000;
const highest = 32_000;

/** Free ports of the loopback address, held until disposed, so that nobody else is given them meanwhile. */
export interface HeldPorts extends AsyncDisposable {
  readonly ports: readonly number[];
}

export async function holdFreePorts(count: number): Promise<HeldPorts> {
  const servers = new Map<number, Server>();
  for (let tries = 0; servers.size < count; tries++) {
    if (tries > 50 * count) throw new Error(`found only ${servers.size} of ${count} free ports`);
    const port = randomInt(lowest, highest);
    if (servers.has(port)) continue;
    const server = await listen(port);
    if (server !== undefined) servers.set(port, server);
  }
  return {
    ports: [...servers.keys()],
    async [Symbol.asyncDispose]() {
      const open = [...servers.values()];
      servers.clear();
      await Promise.all(
        open.map((server) => {
          const closed = once(server, 'close');
          server.close();
          return closed;
        }),
      );
    },
  };
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
