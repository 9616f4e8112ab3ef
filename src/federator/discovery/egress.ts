import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { SocketAddress } from '../faces.ts';

/** Where this process listens. A wildcard `host` (`0.0.0.0`, `::`) stands for every address of the machine. */
export interface OwnListener {
  readonly host: string;
  readonly port: number;
}

export interface EgressOptions {
  /** Ranges that may be connected to although they are not public: `127.0.0.0/8`, `10.1.2.3`, `fd00::/8`. */
  readonly allow?: readonly string[];
  /** The setting that holds `allow`, for messages. */
  readonly setting?: string;
  /** Listeners of this backend: never connected to, whatever is allowed. See `ownListeners`. */
  readonly isOwnListener?: (address: string, port: number) => boolean;
}

/** Says why an address may not be connected to; undefined when it may. */
export interface EgressRules {
  check(
    candidate: SocketAddress,
    port: number,
  ): { readonly range: string; readonly reason: string } | undefined;
}

/**
 * What is never a remote backend on the Internet: the IANA special-purpose registries (RFC 6890) and the addresses on
 * which clouds answer with their machines' credentials. The first match names the range.
 */
const forbidden: readonly (readonly [cidr: string, name: string])[] = [
  ['169.254.169.254/32', 'cloud metadata'],
  ['169.254.170.0/24', 'cloud metadata'],
  ['100.100.100.200/32', 'cloud metadata'],
  ['168.63.129.16/32', 'cloud metadata'],
  ['192.0.0.192/32', 'cloud metadata'],
  ['0.0.0.0/8', 'unspecified, this network'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'carrier-grade NAT'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'protocol assignments'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', '6to4 relay'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'benchmarks'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['240.0.0.0/4', 'reserved'],
  ['fd00:ec2::254/128', 'cloud metadata'],
  ['fd20:ce::254/128', 'cloud metadata'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::/96', 'IPv4-compatible'],
  ['64:ff9b:1::/48', 'local NAT64'],
  ['100::/64', 'discard'],
  ['2001::/23', 'protocol assignments'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', '6to4'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'segment routing'],
  ['fc00::/7', 'unique local'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
];

const ranges = forbidden.map(([cidr, name]) => ({
  range: `${cidr} (${name})`,
  list: listOf([cidr], 'egress'),
}));

/** IPv6 forms that carry an IPv4 address to which the packet goes in the end: mapped, and NAT64 (RFC 6052). */
const carriers = listOf(['::ffff:0:0/96', '64:ff9b::/96'], 'egress');

/**
 * The rules that keep a hostile SRV or address record from sending this backend into its own network.
 *
 * They hold against DNS rebinding because the address that was checked is the very one that is connected to: sessions
 * get addresses from `Discovery.resolve` and never resolve a name again.
 *
 * @throws Error naming the configuration key when a range cannot be read.
 */
export function createEgressRules(options: EgressOptions = {}): EgressRules {
  const { setting = 'federation.egress.allow' } = options;
  const allowed = listOf(options.allow ?? [], setting);
  const isOwnListener = options.isOwnListener ?? (() => false);
  return {
    check: ({ address, family }, port) => {
      const forms = formsOf(address, family);
      if (forms.some((form) => isOwnListener(form.address, port)))
        return {
          range: 'own listener',
          reason: `${address} port ${port} is a listener of this backend itself`,
        };
      if (forms.some((form) => allowed.check(form.address, form.type))) return undefined;
      for (const { range, list } of ranges)
        if (forms.some((form) => list.check(form.address, form.type)))
          return { range, reason: `${address} is in ${range}, which ${setting} does not name` };
      return undefined;
    },
  };
}

/** A predicate for `isOwnListener`. The machine's addresses are read at each check, since they change. */
export function ownListeners(listeners: readonly OwnListener[]): (address: string, port: number) => boolean {
  return (address, port) =>
    listeners.some((listener) => {
      if (listener.port !== port) return false;
      const isWildcard = listener.host === '0.0.0.0' || listener.host === '::';
      return isWildcard ? isOfThisMachine(address) : sameAddress(listener.host, address);
    });
}

function isOfThisMachine(address: string): boolean {
  const own = listOf(['127.0.0.0/8', '::1/128', '0.0.0.0/32', '::/128'], 'egress');
  for (const interfaces of Object.values(networkInterfaces()))
    for (const each of interfaces ?? [])
      own.addAddress(each.address, each.family === 'IPv6' ? 'ipv6' : 'ipv4');
  return own.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Spellings of one IPv6 address differ; a listener on a host name is compared as text. */
function sameAddress(one: string, other: string): boolean {
  if (isIP(one) === 0 || isIP(one) !== isIP(other)) return one === other;
  return listOf([one], 'egress').check(other, isIP(other) === 6 ? 'ipv6' : 'ipv4');
}

type Form = { readonly address: string; readonly type: 'ipv4' | 'ipv6' };

/** An address, or the IPv4 address that its IPv6 form carries as well. */
function formsOf(address: string, family: 4 | 6): readonly Form[] {
  if (family === 4) return [{ address, type: 'ipv4' }];
  const itself: Form = { address, type: 'ipv6' };
  if (!carriers.check(address, 'ipv6')) return [itself];
  return [itself, { address: carriedAddress(address), type: 'ipv4' }];
}

/** The last 32 bits of an IPv6 address in dotted form. */
function carriedAddress(address: string): string {
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [head = '', tail] = address.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0);
  const [high = 0, low = 0] = [...left, ...zeros, ...right].slice(-2);
  const bits = (high << 16) | low;
  return [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join('.');
}

function groupsOf(part: string): readonly number[] {
  return part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
}

/** @param key the configuration key that a bad entry is reported under. */
function listOf(cidrs: readonly string[], key: string): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix, ...more] = cidr.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const bits = prefix === undefined ? most : Number(prefix);
    if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(prefix ?? '0') || bits > most)
      throw new Error(
        `${key}: found ${JSON.stringify(cidr)}, expected an IP range such as "10.0.0.0/8" or "fd00::/8"`,
      );
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
