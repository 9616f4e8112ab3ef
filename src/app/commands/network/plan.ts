import { join } from 'node:path';
import type { BackendDomain, InfrastructureDomain } from '#contract/ids.ts';

/** Ports of one backend. */
export interface BackendPorts {
  readonly client: number;
  readonly internal: number;
  readonly outward: number;
  readonly inward: number;
  readonly ingress: number;
}

export const portNames = ['client', 'internal', 'outward', 'inward', 'ingress'] as const;

/** One backend of a network, before it runs. */
export interface BackendPlan {
  /** `a`, `b`, …: its folder. */
  readonly letter: string;
  readonly domain: BackendDomain;
  readonly infrastructureDomain: InfrastructureDomain;
  readonly directory: string;
  readonly configFile: string;
  readonly ports: BackendPorts;
}

/** Names, folders and ports of the n-th backend (from 0). */
export function planBackend(index: number, directory: string, ports: readonly number[]): BackendPlan {
  const letter = String.fromCharCode('a'.charCodeAt(0) + index);
  const [client = 0, internal = 0, outward = 0, inward = 0, ingress = 0] = ports;
  return {
    letter,
    domain: `${letter}.example.com` as BackendDomain,
    infrastructureDomain: `wire.${letter}.example.com` as InfrastructureDomain,
    directory: join(directory, letter),
    configFile: join(directory, letter, 'backend.yaml'),
    ports: { client, internal, outward, inward, ingress },
  };
}

export interface ConfigNeeds {
  readonly dnsPort: number;
  /** `sqlite:…` relative to the file, or `postgres://…`. */
  readonly storageUrl: string;
}

/** The configuration file of a backend of a network, as a document. */
export function configOf(plan: BackendPlan, needs: ConfigNeeds): Record<string, unknown> {
  const at = (port: number) => ({ host: '127.0.0.1', port });
  return {
    domain: plan.domain,
    infrastructureDomain: plan.infrastructureDomain,
    listen: Object.fromEntries(portNames.map((name) => [name, at(plan.ports[name])])),
    federation: {
      strategy: 'allowAll',
      certificate: 'tls/cert.pem',
      key: 'tls/key.pem',
      ca: '../ca/ca.pem',
      trustedIngress: ['127.0.0.1'],
      dns: { servers: [`127.0.0.1:${needs.dnsPort}`] },
      egress: { allow: ['127.0.0.0/8'] },
    },
    services: { egress: { allow: ['127.0.0.0/8'] } },
    storage: { url: needs.storageUrl },
    assets: { directory: 'data/assets' },
    zauth: { keys: 'data/zauth-keys' },
    mail: { log: true },
    throttling: { enabled: false },
    cookies: { secure: false },
    log: { level: 'warn' },
  };
}
