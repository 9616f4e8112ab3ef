import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { a, createAuthority, type DnsServer, federatorSrv, openDnsServer } from '#testkit';

/** What all chains stand on: certificates in a folder, names in a DNS, free ports. */
export interface Stage extends AsyncDisposable {
  readonly folder: string;
  readonly dns: DnsServer;
  /** A path among the certificates. */
  file(name: string): string;
  /** A path in a folder of its own: backends watch the other for changes, and would look at every line of a log. */
  scratch(name: string): string;
}

export const hosts = { a: 'wire.a.example.com', b: 'wire.b.example.com' } as const;

export async function openStage(): Promise<Stage> {
  await using opening = new AsyncDisposableStack();
  const root = opening.adopt(await mkdtemp(join(tmpdir(), 'crosswire-bench-')), (path) =>
    rm(path, { recursive: true }),
  );
  const folder = join(root, 'tls');
  await mkdir(folder);
  const file = (name: string) => join(folder, name);
  const authority = createAuthority();
  await writeFile(file('ca.pem'), authority.certificate);
  for (const side of ['a', 'b'] as const) {
    const issued = authority.issue({ names: [hosts[side]] });
    await writeFile(file(`${side}.pem`), issued.chain);
    await writeFile(file(`${side}.key`), issued.key, { mode: 0o600 });
  }
  const dns = opening.use(await openDnsServer());
  const owned = opening.move();
  return {
    folder,
    dns,
    file,
    scratch: (name) => join(root, name),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Names both backends; only B is called. */
export function publish(dns: DnsServer, ingressPort: number): void {
  dns.setRecords([
    federatorSrv('a.example.com', { target: hosts.a, port: 1 }),
    federatorSrv('b.example.com', { target: hosts.b, port: ingressPort }),
    a(hosts.a, '127.0.0.1', 3600),
    a(hosts.b, '127.0.0.1', 3600),
  ]);
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  for (const server of servers) server.close();
  return ports;
}
