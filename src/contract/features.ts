import { type TSchema, Type } from 'typebox';
import { Domain, UserIdSchema } from './schema.ts';

/** Feature flags of teams, with what each is by default (reference client-api 9.2). */

export const FeatureStatus = Type.Union([Type.Literal('enabled'), Type.Literal('disabled')]);
export type FeatureStatus = Type.Static<typeof FeatureStatus>;
export const LockStatus = Type.Union([Type.Literal('locked'), Type.Literal('unlocked')]);
export type LockStatus = Type.Static<typeof LockStatus>;

const Protocol = Type.Union([Type.Literal('proteus'), Type.Literal('mls')]);

export const AppLockConfig = Type.Object({
  enforceAppLock: Type.Boolean(),
  inactivityTimeoutSecs: Type.Integer({ minimum: -2147483648, maximum: 2147483647 }),
});
export const ClassifiedDomainsConfig = Type.Object({ domains: Type.Array(Domain, { maxItems: 1000 }) });
export const SelfDeletingMessagesConfig = Type.Object({
  enforcedTimeoutSeconds: Type.Integer({ minimum: -2147483648, maximum: 2147483647 }),
});
export const MlsConfig = Type.Object({
  protocolToggleUsers: Type.Array(UserIdSchema, { maxItems: 1000 }),
  defaultProtocol: Protocol,
  allowedCipherSuites: Type.Array(Type.Integer(), { maxItems: 100 }),
  defaultCipherSuite: Type.Integer(),
  supportedProtocols: Type.Array(Protocol, { maxItems: 2 }),
});
export type MlsConfig = Type.Static<typeof MlsConfig>;
export const MlsE2EIdConfig = Type.Object({
  verificationExpiration: Type.Integer({ minimum: 0 }),
  acmeDiscoveryUrl: Type.Optional(Type.String({ pattern: '^https://' })),
});
export const MlsMigrationConfig = Type.Object({
  startTime: Type.Optional(Type.String()),
  finaliseRegardlessAfter: Type.Optional(Type.String()),
});
export type MlsMigrationConfig = Type.Static<typeof MlsMigrationConfig>;
export const FileDownloadLocationConfig = Type.Object({
  enforcedDownloadLocation: Type.Optional(Type.String({ maxLength: 4096 })),
});

interface FeatureDeclaration<C extends TSchema | null> {
  readonly status: FeatureStatus;
  readonly lockStatus: LockStatus;
  /** What can be set beside the status; null: nothing. */
  readonly config: C;
  readonly defaultConfig: C extends TSchema ? Type.Static<C> : null;
}

function feature<C extends TSchema>(
  status: FeatureStatus,
  lockStatus: LockStatus,
  config: C,
  defaultConfig: Type.Static<C>,
) {
  return { status, lockStatus, config, defaultConfig } as FeatureDeclaration<C>;
}

function plain(status: FeatureStatus, lockStatus: LockStatus = 'unlocked'): FeatureDeclaration<null> {
  return { status, lockStatus, config: null, defaultConfig: null };
}

/** Every feature by its name on the wire. */
export const features = {
  legalhold: plain('disabled'),
  sso: plain('disabled'),
  searchVisibility: plain('disabled'),
  searchVisibilityInbound: plain('disabled'),
  validateSAMLemails: plain('enabled'),
  digitalSignatures: plain('disabled'),
  appLock: feature('enabled', 'unlocked', AppLockConfig, {
    enforceAppLock: false,
    inactivityTimeoutSecs: 60,
  }),
  fileSharing: plain('enabled'),
  classifiedDomains: feature('disabled', 'unlocked', ClassifiedDomainsConfig, { domains: [] }),
  conferenceCalling: plain('enabled'),
  selfDeletingMessages: feature('enabled', 'unlocked', SelfDeletingMessagesConfig, {
    enforcedTimeoutSeconds: 0,
  }),
  conversationGuestLinks: plain('enabled'),
  sndFactorPasswordChallenge: plain('disabled', 'locked'),
  mls: feature('disabled', 'unlocked', MlsConfig, {
    protocolToggleUsers: [],
    defaultProtocol: 'proteus',
    allowedCipherSuites: [1],
    defaultCipherSuite: 1,
    supportedProtocols: ['proteus', 'mls'],
  }),
  exposeInvitationURLsToTeamAdmin: plain('disabled', 'locked'),
  outlookCalIntegration: plain('disabled', 'locked'),
  mlsE2EId: feature('disabled', 'unlocked', MlsE2EIdConfig, { verificationExpiration: 86_400 }),
  mlsMigration: feature('disabled', 'locked', MlsMigrationConfig, {}),
  enforceFileDownloadLocation: feature('disabled', 'locked', FileDownloadLocationConfig, {}),
  limitedEventFanout: plain('disabled'),
} as const;

export type FeatureName = keyof typeof features;
export const featureNames = Object.keys(features) as readonly FeatureName[];

/** A feature as clients are told of it. */
export const Feature = Type.Object({
  status: FeatureStatus,
  lockStatus: LockStatus,
  ttl: Type.Union([Type.Literal('unlimited'), Type.Integer({ minimum: 0 })]),
  config: Type.Optional(Type.Unknown()),
});
export type Feature = Type.Static<typeof Feature>;

/** All of them by name. */
export const AllFeatures = Type.Object(
  Object.fromEntries(featureNames.map((name) => [name, Feature])) as Record<FeatureName, typeof Feature>,
);
export type AllFeatures = Type.Static<typeof AllFeatures>;
