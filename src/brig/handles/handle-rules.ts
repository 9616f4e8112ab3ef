import { type Handle, handlePattern } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';

/** What may be a handle (reference client-api 2.8). */

const syntax = new RegExp(handlePattern);

/** Names that would let a user pass for the service. */
const reserved: ReadonlySet<string> = new Set([
  ...['account', 'admin', 'administrator', 'all', 'android', 'anna', 'avs', 'backend', 'bot', 'cs', 'design'],
  ...['dev', 'developer', 'development', 'everyone', 'help', 'helpdesk', 'hr', 'info', 'ios', 'legal'],
  ...['management', 'news', 'otto', 'payment', 'product', 'purchase', 'qa', 'support', 'team', 'user', 'web'],
  ...['wire', 'wirebot', 'wireteam'],
]);

/** Parses a handle that a user may have; undefined when its syntax is wrong or it is reserved. */
export function parseHandle(text: string): Handle | undefined {
  return syntax.test(text) && !reserved.has(text) ? (text as Handle) : undefined;
}

/** @throws Refusal `invalid-handle`. */
export function readHandle(text: string): Handle {
  const handle = parseHandle(text);
  if (handle !== undefined) return handle;
  const found = reserved.has(text) ? `the reserved handle ${text}` : `${text.length} characters`;
  throw refuse('invalid-handle', {
    message: `handle: found ${found}, expected 2 to 256 characters of a-z 0-9 _ . - that are not reserved`,
  });
}
