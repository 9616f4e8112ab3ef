import { type BackendDomain, parseBackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { type Component, components } from '#contract/rpc.ts';

/** What `/rpc/<domain>/<component>/<rpc>` names. */
export interface RpcPath {
  readonly domain: BackendDomain;
  readonly component: Component;
  readonly rpc: string;
}

/** The one route of the outward service, for metrics. */
export const rpcRoute = '/rpc/:domain/:component/:rpc';

const rpcSyntax = /^[A-Za-z0-9_-]+$/;
const componentNames: readonly string[] = components;

/**
 * Reads the path of an outward request, without its query (reference federation-api 1.2.1 and 1.2.3, step 1). Segments
 * are split before they are decoded, so that an encoded slash or dot never makes another path.
 *
 * @throws Refusal `no-endpoint` (404) for another number of segments; `invalid-domain`, `unknown-component`,
 * `invalid-endpoint` (400) for a segment of wrong form.
 */
export function parseRpcPath(path: string): RpcPath {
  const segments = path.split('/');
  const [before, root, domainText, componentText, rpcText] = segments;
  const captured = domainText !== undefined && componentText !== undefined && rpcText !== undefined;
  if (before !== '' || root !== 'rpc' || !captured || segments.length !== 5) {
    const message = `There is no ${show(path)}; calls go to /rpc/<domain>/<component>/<rpc>`;
    throw refuse('no-endpoint', { message });
  }
  return {
    domain: parseDomain(decode(domainText)),
    component: parseComponent(decode(componentText)),
    rpc: parseRpc(decode(rpcText)),
  };
}

function parseDomain(text: string): BackendDomain {
  const domain = parseBackendDomain(text);
  if (domain === undefined) {
    const message = `The target ${show(text)} is not a domain: expected at least two labels of ASCII letters, digits and hyphens`;
    throw refuse('invalid-domain:syntax', { message });
  }
  return domain;
}

function parseComponent(text: string): Component {
  if (!componentNames.includes(text)) {
    const message = `The component ${show(text)} does not exist: expected ${componentNames.join(', ')}`;
    throw refuse('unknown-component', { message });
  }
  return text as Component;
}

function parseRpc(text: string): string {
  if (!rpcSyntax.test(text)) {
    const message = `The RPC name ${show(text)} is not valid: expected letters, digits, hyphen and underscore`;
    throw refuse('invalid-endpoint:rpc', { message });
  }
  return text;
}

/** Text that no segment may contain stands for what does not decode. */
function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return `${segment} (not UTF-8)`;
  }
}

function show(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
