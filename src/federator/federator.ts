import type { BackendDomain, InfrastructureDomain } from '#contract/ids.ts';
import type { ComponentTransport, RpcTransport } from '#contract/rpc-transport.ts';
import { openCertificateStore } from './certificates/index.ts';
import { type DiscoveryOptions, openDiscovery } from './discovery/index.ts';
import type { CertificateStore, Discovery, Policy } from './faces.ts';
import { openIngress } from './ingress/index.ts';
import { createInward, type Inward } from './inward/index.ts';
import {
  createInProcessTransport,
  createOutward,
  type Outward,
  openOutwardListener,
} from './outward/index.ts';
import {
  openSessionPool,
  type RemoteStatus,
  type SessionOptions,
  type SessionPool,
} from './sessions/index.ts';

/** Where a listener stands; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface FederatorNeeds {
  readonly ownDomain: BackendDomain;
  readonly infrastructureDomain: InfrastructureDomain;
  readonly policy: Policy;
  /** PEM files, followed while the federator runs. */
  readonly certificateFiles: {
    readonly certificate: string;
    readonly key: string;
    readonly ca: string;
    readonly crl?: string;
  };
  readonly trustServerOnlyCertificates: boolean;
  /** Who may send a remote's certificate in a header to the inward listener. */
  readonly trustedIngress: readonly string[];
  readonly discovery: DiscoveryOptions;
  /** How sessions to remotes are kept, where it differs from the defaults. */
  readonly sessions?: Partial<SessionOptions>;
  readonly limits: {
    /** Largest body of an inward request, in bytes. */
    readonly requestBytes: number;
    /** How long requests under way may take to end when a listener closes, in milliseconds. */
    readonly closeGraceMs: number;
  };
}

/** Listeners of the federator; an ingress is left out when nginx stands in its place. */
export interface FederatorDoors {
  readonly outward: ListenAddress;
  readonly inward: ListenAddress;
  readonly ingress?: ListenAddress;
}

export interface OpenListener {
  readonly name: string;
  readonly url: string;
}

/** The doors, open until disposed: then they let requests end and close. */
export interface OpenDoors extends AsyncDisposable {
  readonly listeners: readonly OpenListener[];
}

export interface Federator extends AsyncDisposable {
  /** The way out for components of this process. */
  readonly transport: RpcTransport;
  /** Opens the listeners. What comes in is handed to `components`. */
  openDoors(addresses: FederatorDoors, components: ComponentTransport): Promise<OpenDoors>;
  /** Sessions, breaker and last failure of each remote, or of one. */
  status(domain?: BackendDomain): readonly RemoteStatus[];
}

/**
 * Opens certificates, discovery and sessions, and joins them to the way out and the way in. It listens nowhere until
 * `openDoors`, since components and federator need each other.
 * @throws CertificateFileError naming the file that cannot be used.
 */
export async function openFederator(needs: FederatorNeeds): Promise<Federator> {
  await using opening = new AsyncDisposableStack();
  const certificates = opening.use(
    await openCertificateStore({
      ...needs.certificateFiles,
      infrastructureDomain: needs.infrastructureDomain,
    }),
  );
  const discovery = opening.use(openDiscovery(needs.discovery));
  const sessions = opening.use(openSessionPool({ discovery, certificates, options: needs.sessions }));
  const outward = createOutward({ ownDomain: needs.ownDomain, policy: needs.policy, sessions });
  const owned = opening.move();
  return {
    transport: createInProcessTransport(outward),
    status: (domain) => outward.status(domain),
    openDoors: (addresses, components) => {
      const inward = joinInward(needs, { discovery, sessions, components });
      return openDoors(addresses, { needs, certificates, outward, inward });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface InwardParts {
  readonly discovery: Discovery;
  readonly sessions: SessionPool;
  readonly components: ComponentTransport;
}

/** A remote that was admitted is up: its breaker closes at once. */
function joinInward(needs: FederatorNeeds, { discovery, sessions, components }: InwardParts): Inward {
  return createInward({
    policy: needs.policy,
    discovery,
    components,
    certificateRules: { trustServerOnlyCertificates: needs.trustServerOnlyCertificates },
    trustedIngress: needs.trustedIngress,
    limits: { requestBytes: needs.limits.requestBytes },
    onContact: (domain) => sessions.contact(domain),
  });
}

interface DoorParts {
  readonly needs: FederatorNeeds;
  readonly certificates: CertificateStore;
  readonly outward: Outward;
  readonly inward: Inward;
}

async function openDoors(addresses: FederatorDoors, parts: DoorParts): Promise<OpenDoors> {
  const { needs, outward, inward } = parts;
  const limits = { closeGraceMs: needs.limits.closeGraceMs };
  await using opening = new AsyncDisposableStack();
  const urls: { outward?: string; inward?: string } = {};
  const out = opening.use(
    await openOutwardListener({ ...addresses.outward, outward, limits, inwardUrl: () => urls.inward }),
  );
  const into = opening.use(
    await inward.openListener({ ...addresses.inward, limits, outwardUrl: () => urls.outward }),
  );
  urls.outward = out.url;
  urls.inward = into.url;
  const ingress =
    addresses.ingress === undefined
      ? undefined
      : opening.use(await openIngressDoor(addresses.ingress, parts));
  const owned = opening.move();
  return {
    listeners: [
      { name: 'outward', url: out.url },
      { name: 'inward', url: into.url },
      ...(ingress === undefined ? [] : [{ name: 'ingress', url: `https://${ingress.host}:${ingress.port}` }]),
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function openIngressDoor(address: ListenAddress, { needs, certificates, inward }: DoorParts) {
  return openIngress({
    ...address,
    certificates,
    inward,
    certificateRules: { trustServerOnlyCertificates: needs.trustServerOnlyCertificates },
    limits: { closeGraceMs: needs.limits.closeGraceMs },
  });
}
