import { refuse } from '#contract/refusal.ts';
import type { BrigSettings } from '../settings.ts';
import { type EmailAddress, parseEmail } from './email.ts';

/** Which addresses an operator lets in. Each rule has its own label; their order is the caller's. */
export interface EmailRules {
  /**
   * Judges the text as given: wire-server looks at the allow list before it looks at the syntax.
   * @throws Refusal `unauthorized` when there is an allow list and the domain is not on it.
   */
  assertAllowed(text: string): void;
  /** @throws Refusal `blacklisted-email`. */
  assertNotBlacklisted(email: EmailAddress): void;
  /** @throws Refusal `domain-blocked-for-registration`. */
  assertNotBlocked(email: EmailAddress): void;
}

export function createEmailRules(settings: BrigSettings): EmailRules {
  const allowed = settings.allowedEmailDomains && lowerCased(settings.allowedEmailDomains);
  const blocked = lowerCased(settings.blockedEmailDomains);
  const blacklisted = new Set(settings.blacklistedEmails.map((text) => parseEmail(text)?.key ?? text));
  return {
    assertAllowed(text) {
      const domain = text.slice(text.lastIndexOf('@') + 1).toLowerCase();
      if (allowed === undefined || allowed.has(domain)) return;
      throw refuse('unauthorized', {
        message: `email: found ${domain}, expected one of ${[...allowed].join(', ')}`,
      });
    },
    assertNotBlacklisted(email) {
      if (blacklisted.has(email.key)) throw refuse('blacklisted-email');
    },
    assertNotBlocked(email) {
      if (blocked.has(email.domain)) throw refuse('domain-blocked-for-registration');
    },
  };
}

function lowerCased(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.map((text) => text.toLowerCase()));
}
