import { BlockList, isIP, isIPv6 } from 'node:net';
import { refuse } from '#contract/refusal.ts';
import { type PeerCertificate, readCertificate, splitPem } from '../certificates/index.ts';

/** Certificates kept by the text of their header: remotes are few and show the same one for weeks. */
const maxKept = 256;

/**
 * The certificate that an outside ingress puts into `X-SSL-Certificate`, PEM in URL encoding, after it has verified the
 * chain itself (reference federation-api 1.3.1 and 1.4). Whoever may set this header may be anybody, so it is believed
 * from the addresses of the own ingress only.
 */
export class ForwardedCertificates {
  readonly #trusted: BlockList;
  readonly #kept = new Map<string, PeerCertificate>();

  /** @param trustedIngress addresses, or networks as `10.0.0.0/8` */
  constructor(trustedIngress: readonly string[]) {
    this.#trusted = parseNetworks(trustedIngress);
  }

  /**
   * @throws Refusal `no-client-certificate`, `untrusted-ingress`, `certificate-parse-error`.
   */
  read(header: string | undefined, peerAddress: string): PeerCertificate {
    if (header === undefined || header === '') throw refuse('no-client-certificate');
    const family = isIPv6(peerAddress) ? 'ipv6' : 'ipv4';
    if (isIP(peerAddress) === 0 || !this.#trusted.check(peerAddress, family)) {
      throw refuse('untrusted-ingress', {
        message: `X-SSL-Certificate is accepted from trustedIngress only, not from ${peerAddress || 'a socket without address'}`,
      });
    }
    const known = this.#kept.get(header);
    if (known !== undefined) return known;
    const certificate = readCertificate(onlyPemObject(decode(header)));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= maxKept && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(header, certificate);
    return certificate;
  }
}

function parseNetworks(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const version = isIP(address);
    if (version === 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) {
      throw new TypeError(
        `trustedIngress: found ${network}, expected an IP address or a network such as 10.0.0.0/8`,
      );
    }
    const family = version === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function decode(header: string): string {
  try {
    // A plus sign of the base64 arrives as %2B; a plus by itself is a space, as in forms.
    return decodeURIComponent(header.replaceAll('+', ' '));
  } catch (error) {
    throw refuse('certificate-parse-error', {
      message: 'X-SSL-Certificate is not URL-encoded',
      cause: error,
    });
  }
}

function onlyPemObject(text: string): string {
  const [pem, another] = splitPem(text);
  if (pem === undefined || another !== undefined || text.split('-----BEGIN ').length !== 2) {
    const found = text.split('-----BEGIN ').length - 1;
    throw refuse('certificate-parse-error', {
      message: `X-SSL-Certificate holds ${found} PEM objects, expected one certificate`,
    });
  }
  return pem;
}
