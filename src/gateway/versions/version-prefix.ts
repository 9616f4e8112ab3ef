import { type Refusal, refuse } from '#contract/refusal.ts';
import { clientApiVersions } from '#contract/route.ts';

/** What the request's target asks for, once the version is taken off its path. */
export interface Target {
  readonly version: number;
  /** Whether the path named the version; if not, it is 0, the oldest forms. */
  readonly versioned: boolean;
  /** Path and query as the routes know them. */
  readonly url: string;
}

export interface VersionSet {
  readonly supported: readonly number[];
  readonly development: readonly number[];
}

/** The versions that are left when these are off: `v2` for one, `development` for all under development. */
export function enabledVersions(disabled: readonly string[]): VersionSet {
  const isOn = (version: number) => !disabled.includes(`v${version}`);
  return {
    supported: clientApiVersions.stable.filter(isOn),
    development: disabled.includes('development') ? [] : clientApiVersions.development.filter(isOn),
  };
}

const internalSegments = new Set(['i', 'api-internal']);
/** The documentation works under every version that exists, also under those that are off. */
const documentation = /^\/api\/(?:swagger-ui|swagger\.json)(?:[/?]|$)/;

/**
 * Takes the version off a path (reference client-api 1.1; wire-server, `versionMiddleware`). Only the path counts, no
 * header does.
 */
export function readVersion(url: string, enabled: VersionSet): Target | Refusal {
  const match = /^\/(v\d*)(?=[/?]|$)/.exec(url);
  if (match === null) return { version: 0, versioned: false, url };
  const name = match[1] ?? '';
  const rest = url.slice(match[0].length);
  const inner = rest.startsWith('/') ? rest : `/${rest}`;
  if (internalSegments.has(firstSegment(inner))) {
    return refuse('unsupported-version', {
      message: 'Internal APIs (`/i/...`) are not under version control',
    });
  }
  const version = versionNumber(name);
  if (version === undefined || !(isEnabled(version, enabled) || documentation.test(inner))) {
    return refuse('unsupported-version', { message: `Version ${name} is not supported` });
  }
  return { version, versioned: true, url: inner };
}

function firstSegment(path: string): string {
  return path.slice(1).split(/[/?]/, 1)[0] ?? '';
}

function versionNumber(name: string): number | undefined {
  const all = [...clientApiVersions.stable, ...clientApiVersions.development];
  return all.find((version) => name === `v${version}`);
}

function isEnabled(version: number, { supported, development }: VersionSet): boolean {
  return supported.includes(version) || development.includes(version);
}
