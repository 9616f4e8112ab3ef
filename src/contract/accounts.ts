/** What parts tell each other of accounts: of those of users, and of providers of services. */

/** An e-mail address as it was given, and what tells it from others. */
export interface Email {
  readonly text: string;
  /** Lower case, local part cut at the first `+` (reference client-api 2.3). */
  readonly key: string;
}

/** What a table of a team's members tells of one. */
export interface MemberCard {
  readonly name: string;
  readonly handle: string | undefined;
  readonly email: string | undefined;
  readonly managedBy: string;
  /** The identity provider, and what it calls the user. */
  readonly idpIssuer: string | undefined;
  readonly samlNameId: string | undefined;
  /** What the directory calls the user. */
  readonly scimExternalId: string | undefined;
  /** How many clients the user has. */
  readonly devices: number;
}

/** For somebody who is asked to join a team. */
export interface InvitationMail {
  readonly to: string;
  /** What the inviter calls the invited one. */
  readonly name: string | null;
  /** The inviter's address. */
  readonly from: string;
  /** The team's name. */
  readonly team: string;
  readonly code: string;
  readonly url: string;
}

/** A code for a provider. */
export interface ProviderMail {
  /** A code of the last one sets a password; the others prove an address. */
  readonly reason: 'activation' | 'email-change' | 'password-reset';
  readonly to: string;
  /** The provider's name. */
  readonly name: string;
  readonly key: string;
  readonly code: string;
}
