import type { Email } from '#contract/accounts.ts';
import { domainPattern } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';

/** An e-mail address with the key that makes it unique among accounts. */
export interface EmailAddress extends Email {
  /** Lower case. */
  readonly domain: string;
}

const maxLength = 100;
const domainSyntax = new RegExp(domainPattern);
/** RFC 5322 dot-atom. Quoted local parts are not worth their traps. */
const localSyntax = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** Domains whose plus addresses are different people: Wire's own tests rely on them. */
const plusMatters: ReadonlySet<string> = new Set(['wearezeta.com', 'wire.com', 'simulator.amazonses.com']);

/** Parses an e-mail address; undefined when it is not one. */
export function parseEmail(text: string): EmailAddress | undefined {
  if (text.length > maxLength) return undefined;
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const domain = text.slice(at + 1).toLowerCase();
  if (!localSyntax.test(local) || !domainSyntax.test(domain)) return undefined;
  const folded = local.toLowerCase();
  const plus = folded.indexOf('+');
  // A local part that starts with `+` has nothing before the cut to be known by.
  const cut = plus > 0 && !plusMatters.has(domain) ? folded.slice(0, plus) : folded;
  return { text, key: `${cut}@${domain}`, domain };
}

/** @throws Refusal `invalid-email`. */
export function readEmail(text: string): EmailAddress {
  const email = parseEmail(text);
  if (email !== undefined) return email;
  throw refuse('invalid-email', {
    message: `email: found ${text.length} characters, expected local@domain with at most ${maxLength}`,
  });
}
