/** Failed logins of one account that are let through within a window; then it waits until the window ends. */
export interface FailedLoginBudget {
  readonly attempts: number;
  readonly windowSeconds: number;
}

/** Refuses a login when an account's cookies were made too close together (reference client-api 2.2). */
export interface CookieThrottle {
  /** Smallest standard deviation of the creation times that passes. */
  readonly minDeviationSeconds: number;
  readonly retryAfterSeconds: number;
}

/** How much a user's clients may remember for each other (reference client-api 9.1). */
export interface PropertyLimits {
  readonly count: number;
  readonly keyLength: number;
  readonly valueBytes: number;
}

/** Servers that carry the media of calls. */
export interface CallSettings {
  /** For calls between two; without them there are no calls. */
  readonly turn?: {
    /** `turn:HOST:PORT?transport=udp` and the like. */
    readonly servers: readonly string[];
    /** Shared with the servers; makes the credentials that they accept. */
    readonly secret: string;
    readonly digest: 'sha1' | 'sha512';
    readonly credentialSeconds: number;
    readonly refreshSeconds: number;
  };
  /** For conferences. */
  readonly sft?: {
    /** URLs. */
    readonly servers: readonly string[];
    /** Whether clients are told all of them a second time, with credentials. */
    readonly listAll: boolean;
    readonly secret?: string;
    readonly credentialSeconds: number;
  };
}

/** What an operator may choose about accounts. Lifetimes are those of reference client-api 2.1 and 11. */
export interface BrigSettings {
  readonly userCookieSeconds: number;
  readonly sessionCookieSeconds: number;
  /** Of a legal hold service. */
  readonly legalholdCookieSeconds: number;
  readonly providerTokenSeconds: number;
  readonly accessTokenSeconds: number;
  /** A persistent cookie older than this is renewed; a superseded one lives on for as long. */
  readonly cookieRenewAgeSeconds: number;
  readonly activationCodeSeconds: number;
  readonly passwordResetSeconds: number;
  readonly verificationCodeSeconds: number;
  /** How soon another code may be asked for. */
  readonly verificationDelaySeconds: number;
  /** How long a released or just claimed handle is kept from others. */
  readonly handleReservationSeconds: number;
  /** Most cookies of a user and type. */
  readonly cookieLimit: number;
  readonly cookieThrottle: CookieThrottle | undefined;
  readonly failedLogins: FailedLoginBudget | undefined;
  /** Suspends an account at its next login or renewal when its newest cookie is older than this. */
  readonly suspendInactiveSeconds: number | undefined;
  /** Whether cookies carry `Secure`. */
  readonly secureCookies: boolean;
  /** Refuses personal users and teams on the public end-point. */
  readonly restrictUserCreation: boolean;
  /** When given, only addresses of these domains may register. */
  readonly allowedEmailDomains: readonly string[] | undefined;
  /** Domains that codes are never sent to: `domain-blocked-for-registration`. */
  readonly blockedEmailDomains: readonly string[];
  /** Addresses that may not register: `blacklisted-email`. */
  readonly blacklistedEmails: readonly string[];
  readonly defaultLocale: string;
  /** Where the links in mails lead; `key` and `code` are added as query parameters. */
  readonly activationUrl: string;
  readonly passwordResetUrl: string;
  readonly deletionUrl: string;
  readonly providerActivationUrl: string;
  readonly providerPasswordResetUrl: string;
  /** Most connections of a user that are sent or accepted. */
  readonly maxConnections: number;
  /** Most permanent clients (devices) of a user. */
  readonly clientLimit: number;
  /** Most users whose prekeys one request may claim. */
  readonly claimedUsers: number;
  readonly properties: PropertyLimits;
  /** Whether clients may use MLS. */
  readonly mlsEnabled: boolean;
  /** How far ahead the end of a key package's lifetime may be; undefined: as far as it likes. */
  readonly keyPackageLifetimeSeconds: number | undefined;
  readonly calls: CallSettings;
}

const daySeconds = 86_400;

/** Production values of the reference, section 11. The links need the address of the client API: give them. */
export const defaultSettings: BrigSettings = {
  userCookieSeconds: 28 * daySeconds,
  sessionCookieSeconds: daySeconds,
  legalholdCookieSeconds: 56 * daySeconds,
  providerTokenSeconds: 7 * daySeconds,
  accessTokenSeconds: 900,
  cookieRenewAgeSeconds: 14 * daySeconds,
  activationCodeSeconds: 14 * daySeconds,
  passwordResetSeconds: 3600,
  verificationCodeSeconds: 600,
  verificationDelaySeconds: 300,
  handleReservationSeconds: 1800,
  cookieLimit: 32,
  cookieThrottle: undefined,
  failedLogins: undefined,
  suspendInactiveSeconds: undefined,
  secureCookies: true,
  restrictUserCreation: false,
  allowedEmailDomains: undefined,
  blockedEmailDomains: [],
  blacklistedEmails: [],
  defaultLocale: 'en',
  activationUrl: 'http://127.0.0.1:8080/activate',
  passwordResetUrl: 'http://127.0.0.1:8080/password-reset',
  clientLimit: 7,
  claimedUsers: 500,
  properties: { count: 16, keyLength: 1024, valueBytes: 512 * 1024 },
  deletionUrl: 'http://127.0.0.1:8080/delete',
  providerActivationUrl: 'http://127.0.0.1:8080/provider/activate',
  providerPasswordResetUrl: 'http://127.0.0.1:8080/provider/password-reset',
  maxConnections: 1000,
  mlsEnabled: true,
  keyPackageLifetimeSeconds: undefined,
  calls: {},
};
