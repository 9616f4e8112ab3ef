import { refuse } from '#contract/refusal.ts';
import type { PageStart } from './connection-store.ts';

/**
 * The token between two pages of connections: one byte that tells whether own users (0) or users of other backends (1)
 * come next, as in wire-server, then where to go on. Clients must not look into it.
 */
export function writePagingState(start: PageStart): string {
  const rest = start.domain === '' ? start.id : `${start.domain} ${start.id}`;
  return Buffer.concat([Buffer.of(start.domain === '' ? 0 : 1), Buffer.from(rest)]).toString('base64url');
}

/** @throws Refusal `bad-request` for a token that is none of ours. */
export function readPagingState(token: string): PageStart {
  const bytes = Buffer.from(token, 'base64url');
  const rest = bytes.subarray(1).toString('utf8');
  if (bytes[0] === 0 && !rest.includes(' ')) return { domain: '', id: rest };
  const [domain = '', id, ...more] = rest.split(' ');
  if (bytes[0] === 1 && domain !== '' && id !== undefined && more.length === 0) return { domain, id };
  throw refuse('bad-request', {
    message: 'body.paging_state: found something else, expected the paging_state of an earlier answer',
  });
}
