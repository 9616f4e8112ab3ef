import type { BaseAnswer, SoaData, SrvData } from 'dns-packet';

/** One record of a zone, in the shape that goes on the wire. TTLs are seconds. */
export type ZoneRecord =
  | (BaseAnswer<'SRV', SrvData> & { readonly ttl: number })
  | (BaseAnswer<'A' | 'AAAA' | 'CNAME', string> & { readonly ttl: number })
  | (BaseAnswer<'SOA', SoaData> & { readonly ttl: number });

/** TTL of a record that does not name one: long enough for a test, short enough to move a backend by hand. */
const defaultTtl = 60;

/** A service record (RFC 2782); `name` is the whole owner name with its `_service._proto` labels. */
export function srv(
  name: string,
  data: {
    readonly target: string;
    readonly port: number;
    readonly priority?: number;
    readonly weight?: number;
  },
  ttl: number = defaultTtl,
): ZoneRecord {
  return { type: 'SRV', name, ttl, data: { priority: 0, weight: 0, ...data } };
}

/** The record that makes a backend discoverable (specification, "Discovery"). */
export function federatorSrv(
  backendDomain: string,
  data: {
    readonly target: string;
    readonly port: number;
    readonly priority?: number;
    readonly weight?: number;
  },
  ttl: number = defaultTtl,
): ZoneRecord {
  return srv(`_wire-server-federator._tcp.${backendDomain}`, data, ttl);
}

export function a(name: string, address: string, ttl: number = defaultTtl): ZoneRecord {
  return { type: 'A', name, ttl, data: address };
}

export function aaaa(name: string, address: string, ttl: number = defaultTtl): ZoneRecord {
  return { type: 'AAAA', name, ttl, data: address };
}

export function cname(name: string, target: string, ttl: number = defaultTtl): ZoneRecord {
  return { type: 'CNAME', name, ttl, data: target };
}

/** Start of authority: `minimum` (seconds) bounds how long "there is no such record" may be remembered. */
export function soa(name: string, minimum: number, ttl: number = minimum): ZoneRecord {
  const data = {
    mname: 'ns.invalid',
    rname: 'hostmaster.invalid',
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum,
  };
  return { type: 'SOA', name, ttl, data };
}
