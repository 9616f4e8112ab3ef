import type { BackendDomain, InfrastructureDomain } from '#contract/ids.ts';
import type { RemoteDomain } from '#contract/profiles.ts';

/**
 * What the folders of the federator ask of one another. Each interface is implemented by one folder and given to the
 * others by `openFederator`, so that tests can put a scripted one in its place.
 */

export type FederationStrategy = 'allowNone' | 'allowDynamic' | 'allowAll';

/** Which remotes this backend federates with. Answers from memory; changes are in effect at once. */
export interface Policy {
  readonly strategy: FederationStrategy;
  /** @throws Refusal `federation-denied`, naming the domain. */
  admit(domain: BackendDomain): void;
  /** The list's entry of a remote; search policies hold under every strategy. */
  find(domain: BackendDomain): RemoteDomain | undefined;
  list(): readonly RemoteDomain[];
}

/** One SRV entry, after its syntax was checked. */
export interface SrvTarget {
  readonly host: InfrastructureDomain;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export interface SocketAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

export interface Discovery extends AsyncDisposable {
  /**
   * The SRV targets of `_wire-server-federator._tcp.<domain>`, unordered, from the cache while its TTL runs.
   * @throws Refusal `invalid-domain` (no record) or `discovery-failure` (DNS failed).
   */
  find(domain: BackendDomain): Promise<readonly SrvTarget[]>;
  /**
   * Addresses of a target that may be connected to (A and AAAA, CNAMEs followed, egress rules applied).
   * @throws Refusal `federation-connection-refused` when there is none, saying why.
   */
  resolve(target: SrvTarget): Promise<readonly SocketAddress[]>;
  /** The targets in the order to try them: RFC 2782 priority, then weighted choice. */
  order(targets: readonly SrvTarget[]): readonly SrvTarget[];
}

/** The TLS material in use, reloaded when its files change. */
export interface TlsMaterial {
  /** Counts up with each reload: sessions made under an older number end after their streams. */
  readonly generation: number;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  /** Revocation lists; when given, every authority of a chain must have one that is in date. */
  readonly crl?: string;
}

export interface CertificateStore extends AsyncDisposable {
  readonly current: TlsMaterial;
  /** Calls back after a good reload; `caRemoved` when a root that was trusted is no longer. */
  onReload(listener: (material: TlsMaterial, change: { readonly caRemoved: boolean }) => void): void;
}
