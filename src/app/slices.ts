import type { BrigSettings, MailSettings } from '#brig';
import type { CargoholdSettings, FolderStoreOptions } from '#cargohold';
import { type ComponentUrls, type FederatorNeeds, ownListeners } from '#federator';
import type { GalleySettings } from '#galley';
import type { GatewayOptions } from '#gateway';
import type { NotificationSettings } from '#notifications';
import type { OutboxSettings } from '#outbox';
import type { ServicesSettings } from '#services';
import type { TeamsSettings } from '#teams';
import type { Config } from './config.ts';
import { allowedEgress } from './egress-ranges.ts';

/** What each part receives of the configuration, in the part's own words. */

export function brigSettings({
  throttling,
  cookies,
  accounts,
  api,
  listen,
  limits,
  mls,
  calls,
}: Config): Partial<BrigSettings> {
  const clientApi = clientUrl({ api, listen });
  return {
    secureCookies: cookies.secure,
    failedLogins: throttling.enabled ? throttling.failedLogins : undefined,
    verificationDelaySeconds: throttling.enabled ? throttling.verificationCodeSeconds : 0,
    restrictUserCreation: accounts.restrictUserCreation,
    allowedEmailDomains: accounts.allowedEmailDomains,
    blockedEmailDomains: accounts.blockedEmailDomains,
    defaultLocale: accounts.defaultLocale,
    activationUrl: `${clientApi}/activate`,
    passwordResetUrl: `${clientApi}/password-reset`,
    deletionUrl: `${clientApi}/delete`,
    providerActivationUrl: `${clientApi}/provider/activate`,
    providerPasswordResetUrl: `${clientApi}/provider/password-reset`,
    maxConnections: limits.connections,
    clientLimit: limits.clients,
    claimedUsers: limits.conversationMembers,
    calls,
    mlsEnabled: mls.enabled,
    keyPackageLifetimeSeconds:
      mls.keyPackageLifetimeDays === undefined ? undefined : mls.keyPackageLifetimeDays * daySeconds,
  };
}

export function galleySettings({ limits, conversations }: Config): Partial<GalleySettings> {
  return {
    maxConversationSize: limits.conversationMembers,
    guestLinks: conversations.guestLinks,
    codeLifetimeSeconds: conversations.guestLinkDays * 86_400,
    codeUri: conversations.guestLinkUrl,
  };
}

export function teamsSettings({
  api,
  listen,
  limits,
  mls,
  notifications,
  legalhold,
}: Config): Partial<TeamsSettings> {
  return {
    maxTeamSize: limits.teamMembers,
    invitationUrl: `${clientUrl({ api, listen })}/join`,
    queueSeconds: notifications.retentionDays * daySeconds,
    offersMls: mls.enabled && mls.offered,
    legalhold: legalhold.policy,
  };
}

export function servicesSettings({ throttling }: Config): Partial<ServicesSettings> {
  return { codeDelaySeconds: throttling.enabled ? throttling.verificationCodeSeconds : 0 };
}

/** Where clients reach the client API, without a slash behind it. */
function clientUrl({ api, listen }: Pick<Config, 'api' | 'listen'>): string {
  return (api.publicUrl ?? urlOf(listen.client)).replace(/\/$/, '');
}

export function mailSettings({ mail, domain }: Config): MailSettings {
  return { smtp: mail.smtp, log: mail.log, from: mail.from ?? `noreply@${domain}` };
}

export function gatewayOptions(
  config: Config,
): Omit<GatewayOptions, 'routes' | 'verifyToken' | 'onUpgrade' | 'now'> {
  const { api, listen, federation, throttling, limits, cookies, shutdown, domain } = config;
  return {
    listen: listen.client,
    ownDomain: domain,
    federationEnabled: federation.enabled,
    disabledVersions: api.disabledVersions,
    cors: { origins: api.allowedOrigins.includes('*') ? 'any' : api.allowedOrigins },
    trustedProxies: api.trustedProxies,
    secure: cookies.secure,
    limits: {
      maxBodyBytes: limits.clientBodyBytes,
      maxSockets: limits.clientSockets,
      drainMs: shutdown.drainMs,
    },
    rates: throttling.enabled
      ? {
          login: throttling.logins,
          registration: throttling.registrations,
          upload: throttling.uploads,
        }
      : undefined,
  };
}

export function cargoholdSettings({ assets }: Config): Partial<CargoholdSettings> {
  return { maxBytes: assets.maxBytes, quotaBytes: assets.quotaBytes };
}

export function assetFolder({ assets }: Config): FolderStoreOptions {
  return { directory: assets.directory, reserveBytes: assets.reserveBytes };
}

const daySeconds = 86_400;
const dayMs = daySeconds * 1000;

export function notificationSettings({ notifications, shutdown }: Config): Partial<NotificationSettings> {
  return {
    retentionSeconds: notifications.retentionDays * daySeconds,
    maxBufferedBytes: notifications.socketBufferBytes,
    closeMs: shutdown.drainMs / 2,
  };
}

/** What remotes send is remembered for longer than they are taken to try, whatever their own retention. */
export function outboxSettings({ federation, shutdown }: Config): Partial<OutboxSettings> {
  return { retentionMs: federation.retentionDays * dayMs, closeGraceMs: shutdown.drainMs / 2 };
}

/** The URL of a cleartext listener, as far as the configuration knows it. */
export function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function federatorNeeds(config: Config): Omit<FederatorNeeds, 'policy'> {
  const { federation, listen, limits, shutdown } = config;
  const own = Object.values(listen).filter((at) => at !== undefined);
  return {
    ownDomain: config.domain,
    infrastructureDomain: config.infrastructureDomain,
    certificateFiles: {
      certificate: federation.certificate,
      key: federation.key,
      ca: federation.ca,
      crl: federation.crl,
    },
    trustServerOnlyCertificates: federation.trustServerOnlyCertificates,
    trustedIngress: federation.trustedIngress,
    discovery: {
      ...federation.dns,
      egress: { allow: allowedEgress(config), isOwnListener: ownListeners(own) },
    },
    limits: { requestBytes: limits.rpcBodyBytes, closeGraceMs: shutdown.drainMs },
  };
}

/** Components of a federator that runs apart: those of the configuration, else the internal listener. */
export function componentUrls({ components, listen }: Config): ComponentUrls & { readonly brig: string } {
  if (components !== undefined) return components;
  const url = urlOf(listen.internal);
  return { brig: url, galley: url, cargohold: url };
}
