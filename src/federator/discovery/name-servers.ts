import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';

/** A name server to ask. */
export interface NameServer {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  /** As messages name it: `127.0.0.1:53`, `[::1]:53`. */
  readonly label: string;
}

/** Where the servers come from; asked before each query, so that a change on the machine needs no restart. */
export interface NameServers {
  current(): Promise<readonly NameServer[]>;
}

/** resolv.conf(5): at most three, and this machine when the file names none. */
const maxFromFile = 3;
const ownMachine = '127.0.0.1';

/**
 * Reads `127.0.0.1`, `127.0.0.1:5353`, `::1` or `[::1]:5353`.
 * @returns undefined when it is none of these; names are not taken, since nobody could resolve them.
 */
export function parseNameServer(text: string): NameServer | undefined {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text);
  const plain = isIP(text) === 0 ? /^([^:]+):(\d{1,5})$/.exec(text) : undefined;
  const [, address = text, portText = '53'] = bracketed ?? plain ?? [];
  const family = isIP(address);
  const port = Number(portText);
  if (port < 1 || port > 65_535) return undefined;
  if (family !== 4 && family !== 6) return undefined;
  if (bracketed !== null && family !== 6) return undefined;
  return { address, family, port, label: family === 6 ? `[${address}]:${port}` : `${address}:${port}` };
}

/** @throws Error naming the configuration key when an entry is not an address, or there is none. */
export function configuredNameServers(entries: readonly string[]): NameServers {
  if (entries.length === 0) throw new Error('federation.dns.servers: expected at least one address');
  const servers = entries.map((entry) => {
    const server = parseNameServer(entry);
    if (server !== undefined) return server;
    throw new Error(
      `federation.dns.servers: found ${JSON.stringify(entry)}, expected an IP address with an optional port, such as "127.0.0.1:53" or "[::1]:53"`,
    );
  });
  return { current: () => Promise.resolve(servers) };
}

/** The machine's servers: `path` is read again when its time, size or inode has changed. */
export class SystemNameServers implements NameServers {
  readonly #path: string;
  #stamp = '';
  #servers: readonly NameServer[] = readResolvConf('');

  constructor(path = '/etc/resolv.conf') {
    this.#path = path;
  }

  async current(): Promise<readonly NameServer[]> {
    const stamp = await this.#readStamp();
    // While the file is being replaced it may be missing for an instant: the servers known so far go on.
    if (stamp === undefined || stamp === this.#stamp) return this.#servers;
    this.#servers = readResolvConf(await readFile(this.#path, 'utf8'));
    this.#stamp = stamp;
    return this.#servers;
  }

  async #readStamp(): Promise<string | undefined> {
    try {
      const file = await stat(this.#path, { bigint: true });
      return `${file.ino} ${file.size} ${file.mtimeNs}`;
    } catch (failure) {
      if (failure instanceof Error && 'code' in failure && failure.code === 'ENOENT') return undefined;
      throw failure;
    }
  }
}

/** The `nameserver` lines of a resolv.conf(5). */
export function readResolvConf(text: string): readonly NameServer[] {
  const servers: NameServer[] = [];
  for (const line of text.split('\n')) {
    const [, address] = /^\s*nameserver\s+(\S+)/.exec(line) ?? [];
    const server = address === undefined ? undefined : parseNameServer(address);
    if (server !== undefined && servers.length < maxFromFile) servers.push(server);
  }
  if (servers.length > 0) return servers;
  return [{ address: ownMachine, family: 4, port: 53, label: `${ownMachine}:53` }];
}
