import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Config } from './config.ts';

const privateRanges = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7'];

/**
 * The private ranges that remotes may live in: those of the configuration, and the one that the ingress listens on. A
 * backend that is reached on loopback or a private address only has its remotes there as well.
 */
export function allowedEgress({
  federation,
  listen,
}: Pick<Config, 'federation' | 'listen'>): readonly string[] {
  return [...federation.egress.allow, ...impliedRanges(listen.ingress?.host)];
}

function impliedRanges(host: string | undefined): readonly string[] {
  if (host === undefined) return [];
  const address = host === 'localhost' ? '127.0.0.1' : host;
  return privateRanges.filter((range) => contains(range, address));
}

function contains(range: string, address: string): boolean {
  const [network = '', bits] = range.split('/');
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  if (family === 'ipv4' ? !isIPv4(address) : !isIPv6(address)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(address, family);
}
