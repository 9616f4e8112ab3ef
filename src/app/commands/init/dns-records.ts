import { isIPv6 } from 'node:net';
import type { Answers } from './config-text.ts';

/** Seconds: minutes while a backend is set up, a day later on (specification, "SRV TTL and Caching"). */
const setupTtl = 600;

/** The records to publish, as a zone file has them. */
export function dnsRecords({
  domain,
  infrastructureDomain,
  address,
  ingressPort,
}: Answers): readonly string[] {
  const type = address !== undefined && isIPv6(address) ? 'AAAA' : 'A';
  return [
    `_wire-server-federator._tcp.${domain}. ${setupTtl} IN SRV 0 10 ${ingressPort} ${infrastructureDomain}.`,
    `${infrastructureDomain}. ${setupTtl} IN ${type} ${address ?? '<public address of this machine>'}`,
  ];
}
