import { isIP } from 'node:net';

/** Kinds of TURN servers, in the order in which clients want them. */
const kinds = {
  udp: /^turn:[^?]+(\?transport=udp)?$/,
  tls: /^turns:[^?]+\?transport=tcp$/,
  tcp: /^turn:[^?]+\?transport=tcp$/,
} as const;

/**
 * At most `limit` of the servers: one for each kind of transport in turn, UDP before TLS before TCP, until there are
 * enough (wire-server, `limitServers`).
 * @param servers `turn:HOST:PORT?transport=udp` and the like
 */
export function limitServers(servers: readonly string[], limit: number): readonly string[] {
  const queues = Object.values(kinds).map((kind) => servers.filter((server) => kind.test(server)));
  const rest = servers.filter((server) => !Object.values(kinds).some((kind) => kind.test(server)));
  const rounds = Math.max(...queues.map((queue) => queue.length));
  const chosen = Array.from({ length: rounds }, (_, round) =>
    queues.flatMap((queue) => queue.slice(round, round + 1)),
  );
  return [...chosen.flat(), ...rest].slice(0, limit);
}

/** Those that the oldest clients can use, in their form: addresses over UDP, without saying so. */
export function legacyServers(servers: readonly string[]): readonly string[] {
  return servers
    .filter((server) => kinds.udp.test(server) && isIP(hostOf(server)) === 4)
    .map(withoutTransport);
}

function hostOf(server: string): string {
  return server.split(':')[1] ?? '';
}

function withoutTransport(server: string): string {
  return server.replace(/\?.*$/, '');
}
