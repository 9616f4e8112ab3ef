/**
 * Identifiers. Every name that crosses an edge of the system is parsed into one of these branded types once;
 * behind the edge nobody handles a bare string that means a domain or an id.
 */

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: { readonly [K in B]: true } };

/** A domain that qualifies identifiers (`b.example.com`), lower case. Specification, "Backend domains". */
export type BackendDomain = Branded<string, 'BackendDomain'>;

/** A host name that discovery found and a certificate must carry, lower case, without trailing dot. */
export type InfrastructureDomain = Branded<string, 'InfrastructureDomain'>;

/** The caller's backend domain after admission (federator, `admit`). A claimed domain is only a `BackendDomain`. */
export type OriginDomain = Branded<BackendDomain, 'OriginDomain'>;

export type UserId = Branded<string, 'UserId'>;
export type TeamId = Branded<string, 'TeamId'>;
/** Who provides services. */
export type ProviderId = Branded<string, 'ProviderId'>;
/** A program of others that takes part in conversations. */
export type ServiceId = Branded<string, 'ServiceId'>;
export type ConversationId = Branded<string, 'ConversationId'>;
/** A user's device: lower-case hex of an unsigned 64-bit integer without leading zeros. */
export type ClientId = Branded<string, 'ClientId'>;
export type Handle = Branded<string, 'Handle'>;
/** `3-<retention>-<uuid>`, lower case. The owner's domain qualifies it. */
export type AssetKey = Branded<string, 'AssetKey'>;

/** An id together with the backend domain that makes it unique among all federating backends. */
export interface Qualified<Id extends string> {
  readonly domain: BackendDomain;
  readonly id: Id;
}

const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const lastLabel = '[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';

/** Domain syntax of the federation API (reference 0.5): at least two labels, the last not starting with a digit. */
export const domainPattern = `^(?=.{1,253}$)(?:${label}\\.)+${lastLabel}$`;
export const uuidPattern = '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$';
export const handlePattern = '^[a-z0-9_.-]{2,256}$';
export const clientIdPattern = '^[0-9A-Fa-f]{1,16}$';
export const assetKeyPattern = `^3-[1-5]-${uuidPattern.slice(1)}`;

const domainSyntax = new RegExp(domainPattern);
const uuidSyntax = new RegExp(uuidPattern);

/** Parses a backend domain in any case; undefined when the syntax of reference 0.5 does not hold. */
export function parseBackendDomain(text: string): BackendDomain | undefined {
  return domainSyntax.test(text) ? (text.toLowerCase() as BackendDomain) : undefined;
}

/** Parses a host name as DNS or a configuration writes it: one trailing dot is dropped, case is folded. */
export function parseInfrastructureDomain(text: string): InfrastructureDomain | undefined {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return domainSyntax.test(name) ? (name.toLowerCase() as InfrastructureDomain) : undefined;
}

/** Marks an admitted domain. Only the federator's admission and the component seam behind it may call this. */
export function asOriginDomain(domain: BackendDomain): OriginDomain {
  return domain as OriginDomain;
}

/** Parses a UUID in any case into its canonical lower-case form. */
export function parseUuid<Id extends UserId | TeamId | ConversationId | ProviderId>(
  text: string,
): Id | undefined {
  return uuidSyntax.test(text) ? (text.toLowerCase() as Id) : undefined;
}
