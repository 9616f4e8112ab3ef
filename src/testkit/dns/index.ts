/**
 * An authoritative DNS server on loopback, with real packets over UDP and TCP.
 *
 * Tests, the demo and `crosswire network` publish their backends in it; the attack tests make it misbehave query by
 * query with `script`. Start reading at `server.ts`; `script.ts` lists the behaviours.
 */
export { a, aaaa, cname, federatorSrv, soa, srv, type ZoneRecord } from './records.ts';
export type { Behaviour, Query, QueryMatch, Transport } from './script.ts';
export { type DnsServer, type DnsServerOptions, openDnsServer } from './server.ts';
