import type { SsoId } from '#contract/profiles.ts';
import type { AccountRow } from '#storage';

/** What an account's `sso_id` says. */
export interface SingleSignOn {
  /** The identity provider and what it calls the user; only together. */
  readonly saml: { readonly issuer: string; readonly nameId: string } | undefined;
  /** What the directory that manages the account calls the user. */
  readonly scimExternalId: string | undefined;
}

/** Who somebody is for single sign-on and for directories; nobody when the account has a password of its own. */
export function singleSignOnOf({ sso_id: text, managed_by: managedBy }: AccountRow): SingleSignOn {
  if (text === null) return { saml: undefined, scimExternalId: undefined };
  const id = JSON.parse(text) as SsoId;
  if ('scim_external_id' in id) return { saml: undefined, scimExternalId: id.scim_external_id };
  const saml = { issuer: textOf(id.tenant), nameId: textOf(id.subject) };
  return { saml, scimExternalId: managedBy === 'scim' ? saml.nameId : undefined };
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** The text of an XML element, which is how wire-server writes issuers and names of SAML; other text is itself. */
function textOf(xml: string): string {
  const inner = /^\s*<[^>]*>([^<]*)<\/[^>]*>\s*$/.exec(xml)?.[1] ?? xml;
  return inner.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '');
}
