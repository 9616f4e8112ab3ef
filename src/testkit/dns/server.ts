import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type DecodedPacket, decode } from 'dns-packet';
import type { ZoneRecord } from './records.ts';
import { replyTo } from './reply.ts';
import {
  type Behaviour,
  type PlainBehaviour,
  type Query,
  type QueryMatch,
  Scripts,
  type Transport,
} from './script.ts';
import { Zone } from './zone.ts';

export interface DnsServerOptions {
  /** 0 or absent: a free one. UDP and TCP share it. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  readonly zone?: readonly ZoneRecord[];
  /** TTL (seconds) of "there is no such record" where the zone has no SOA of its own. Default 1. */
  readonly negativeTtl?: number;
  /** False: TCP connections are refused. Default true. */
  readonly tcp?: boolean;
  /** False: an answer ends at a CNAME, and the resolver has to ask for its target. Default true. */
  readonly followAliases?: boolean;
}

/** An authoritative name server on loopback for tests, the demo and `crosswire network`. */
export interface DnsServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** `127.0.0.1:5353`, as `federation.dns.servers` takes it. */
  readonly endpoint: string;
  /** Replaces all records; in effect for the next query. */
  setRecords(records: readonly ZoneRecord[]): void;
  /** The n-th query that matches gets the n-th behaviour, all later ones the last. The newest script wins. */
  script(match: QueryMatch, ...behaviours: readonly Behaviour[]): void;
  /** Forgets every script: all queries are answered from the records again. */
  clearScripts(): void;
  /** Every question that arrived, in order. */
  readonly queries: readonly Query[];
  count(match?: QueryMatch): number;
  /** Resolves when `count` matching queries have arrived since the server was opened. */
  arrived(match: QueryMatch, count: number): Promise<void>;
}

/** Times a free port is tried that is free for TCP but turns out to be taken for UDP. */
const bindAttempts = 20;

/** Wrong answers of `guess-ids`: more than any resolver should look at. */
const guesses = 64;

/** Starts a server and resolves once both transports listen. */
export async function openDnsServer(options: DnsServerOptions = {}): Promise<DnsServer> {
  const host = options.host ?? '127.0.0.1';
  for (let attempt = 1; ; attempt += 1) {
    const server = new LoopbackDnsServer(host, options);
    try {
      await server.listen(options.port ?? 0);
      return server;
    } catch (failure) {
      await server[Symbol.asyncDispose]();
      if ((options.port ?? 0) !== 0 || attempt === bindAttempts) throw failure;
    }
  }
}

class LoopbackDnsServer implements DnsServer {
  readonly address: string;
  readonly #options: DnsServerOptions;
  readonly #scripts = new Scripts();
  readonly #udp: DatagramSocket;
  readonly #tcp: Server;
  readonly #streams = new Set<Socket>();
  #zone: Zone;
  #port = 0;
  #udpBound = false;
  #closed = false;

  constructor(host: string, options: DnsServerOptions) {
    this.address = host;
    this.#options = options;
    this.#zone = new Zone(options.zone ?? [], options.negativeTtl ?? 1);
    this.#udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.#tcp = createServer((stream) => this.#serveStream(stream));
  }

  async listen(port: number): Promise<void> {
    this.#tcp.listen(port, this.address);
    await once(this.#tcp, 'listening');
    const bound = this.#tcp.address();
    if (bound === null || typeof bound === 'string') throw new Error('the DNS server has no TCP address');
    this.#port = bound.port;
    if (this.#options.tcp === false) this.#tcp.close();
    this.#udp.on('message', (message, from) => {
      const send = (reply: Buffer): void => {
        // An asker that has gone away is no failure of the server: its ICMP error concerns nobody else.
        if (!this.#closed) this.#udp.send(reply, from.port, from.address, () => undefined);
      };
      this.#serve(message, 'udp', `${from.address}:${from.port}`, send, () => undefined);
    });
    this.#udp.bind(this.#port, this.address);
    await once(this.#udp, 'listening');
    this.#udpBound = true;
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return this.address.includes(':') ? `[${this.address}]:${this.#port}` : `${this.address}:${this.#port}`;
  }

  get queries(): readonly Query[] {
    return this.#scripts.queries;
  }

  setRecords(records: readonly ZoneRecord[]): void {
    this.#zone = new Zone(records, this.#options.negativeTtl ?? 1);
  }

  script(match: QueryMatch, ...behaviours: readonly Behaviour[]): void {
    this.#scripts.add(match, behaviours);
  }

  clearScripts(): void {
    this.#scripts.clear();
  }

  count(match: QueryMatch = {}): number {
    return this.#scripts.count(match);
  }

  arrived(match: QueryMatch, count: number): Promise<void> {
    return this.#scripts.arrived(match, count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of this.#streams) stream.destroy();
    if (this.#tcp.listening) {
      const closed = once(this.#tcp, 'close');
      this.#tcp.close();
      await closed;
    }
    const closed = this.#udpBound ? once(this.#udp, 'close') : undefined;
    this.#udp.close();
    await closed;
  }

  #serveStream(stream: Socket): void {
    this.#streams.add(stream);
    stream.on('close', () => this.#streams.delete(stream));
    // A reset by the asker ends this stream only.
    stream.on('error', () => stream.destroy());
    let pending = Buffer.alloc(0);
    stream.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const message = pending.subarray(2, end);
        pending = pending.subarray(end);
        const send = (reply: Buffer): void => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          if (!stream.destroyed) stream.write(Buffer.concat([length, reply]));
        };
        const from = `${stream.remoteAddress}:${stream.remotePort}`;
        this.#serve(message, 'tcp', from, send, () => stream.resetAndDestroy());
      }
    });
  }

  #serve(
    message: Buffer,
    transport: Transport,
    from: string,
    send: (reply: Buffer) => void,
    close: () => void,
  ): void {
    const query = readQuery(message, transport, from);
    if (query === undefined) return;
    const behaviour = this.#scripts.next(query);
    if (behaviour === 'close') {
      close();
    } else if (typeof behaviour === 'string') {
      this.#answer(query, behaviour, send);
    } else if ('bytes' in behaviour) {
      send(behaviour.bytes(query));
    } else {
      behaviour.hold.then(
        () => this.#answer(query, 'zone', send),
        () => close(),
      );
    }
  }

  #answer(query: Query, behaviour: PlainBehaviour, send: (reply: Buffer) => void): void {
    if (behaviour === 'spoof-first') {
      for (const each of ['wrong-name', 'wrong-id', 'zone'] as const) this.#answer(query, each, send);
      return;
    }
    if (behaviour === 'guess-ids') {
      if (query.transport === 'tcp') this.#answer(query, 'zone', send);
      else for (let guess = 0; guess < guesses; guess += 1) this.#answer(query, 'wrong-id', send);
      return;
    }
    const reply = replyTo(query, behaviour, this.#zone, this.#options.followAliases ?? true);
    if (reply !== undefined) send(reply);
  }
}

/** Reads a question; undefined for bytes that are none, which are dropped as a real server does. */
function readQuery(message: Buffer, transport: Transport, from: string): Query | undefined {
  let packet: DecodedPacket;
  try {
    packet = decode(message);
  } catch {
    return undefined;
  }
  const [question, ...more] = packet.questions ?? [];
  if (packet.type !== 'query' || question === undefined || more.length > 0) return undefined;
  const edns = packet.additionals?.find((record) => record.type === 'OPT');
  return {
    name: question.name,
    type: question.type,
    transport,
    id: packet.id ?? 0,
    from,
    maxDatagram: edns?.type === 'OPT' ? Math.max(512, edns.udpPayloadSize) : 512,
  };
}
