import { refuse } from '#contract/refusal.ts';
import { type Component, components } from '#contract/rpc.ts';

/** What a request is for, by its path. */
export interface InwardTarget {
  readonly component: Component;
  readonly rpc: string;
  /** What follows `?`; undefined without one, so that an empty query is told from none. */
  readonly query: string | undefined;
}

const maxPathBytes = 2048;
const rpcSyntax = /^[A-Za-z0-9_-]+$/;

/**
 * Reads `/federation/:component/:rpc` (reference federation-api 1.3.1): exactly three segments, each decoded once after
 * the split, so that an encoded slash or dot never becomes a path.
 *
 * @throws Refusal `no-endpoint` (404), `unknown-component` or `invalid-endpoint` (400).
 */
export function parseTarget(path: string): InwardTarget {
  if (path.length > maxPathBytes) {
    const message = `The path has ${path.length} bytes, allowed are ${maxPathBytes}`;
    throw refuse('headers-too-large', { message });
  }
  const mark = path.indexOf('?');
  const segments = (mark === -1 ? path : path.slice(0, mark)).split('/').map(decodeSegment);
  const [before, root, name, rpc, ...more] = segments;
  if (before !== '' || root !== 'federation' || name === undefined || !rpc || more.length > 0) {
    throw refuse('no-endpoint', { message: 'The path is not of the form /federation/:component/:rpc' });
  }
  const component = components.find((known) => known === name);
  if (component === undefined) {
    throw refuse('unknown-component', {
      message: `Invalid component: ${name.slice(0, 60)}; expected ${components.join(', ')}`,
    });
  }
  if (!rpcSyntax.test(rpc)) {
    throw refuse('invalid-endpoint:rpc', {
      message: 'invalid-endpoint: expected letters, digits, _ and - in the RPC name',
    });
  }
  return { component, rpc, query: mark === -1 ? undefined : path.slice(mark + 1) };
}

/** A segment that is no valid encoding stays as it is: its `%` fits no name. */
function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
