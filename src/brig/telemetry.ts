import { Counter } from 'prom-client';
import { logger } from '#telemetry';

/** What brig tells operators. Lines name users by id, never by e-mail, and hold no token, code or password. */
export const log = logger('brig');

const registrations = new Counter({
  name: 'crosswire_brig_registrations_total',
  help: 'Accounts made, by how they came to be',
  labelNames: ['flow'],
});
const logins = new Counter({
  name: 'crosswire_brig_logins_total',
  help: 'Login attempts by outcome: ok, or the label of the refusal',
  labelNames: ['outcome'],
});
const supersededCookies = new Counter({
  name: 'crosswire_brig_superseded_cookies_total',
  help: 'Renewals asked for with a cookie that already has a successor',
});
const mails = new Counter({
  name: 'crosswire_brig_mails_total',
  help: 'Mails by kind and outcome (sent, failed)',
  labelNames: ['kind', 'outcome'],
});
const clientChanges = new Counter({
  name: 'crosswire_brig_client_changes_total',
  help: 'Clients (devices) added and removed',
  labelNames: ['change'],
});
const prekeyClaims = new Counter({
  name: 'crosswire_brig_prekey_claims_total',
  help: 'Prekeys of own users handed out, by kind: one-time, last-resort',
  labelNames: ['kind'],
});
const keyPackageClaims = new Counter({
  name: 'crosswire_brig_key_package_claims_total',
  help: 'MLS key packages of own users handed out',
});

export function accountCreated(userId: string, flow: string): void {
  registrations.inc({ flow });
  log.info({ user: userId, flow }, 'account created');
}

export function loginEnded(outcome: string): void {
  logins.inc({ outcome });
}

export function supersededCookieUsed(userId: string, cookieId: number): void {
  supersededCookies.inc();
  log.debug({ user: userId, cookie: cookieId }, 'superseded cookie used');
}

export function mailSent(kind: string): void {
  mails.inc({ kind, outcome: 'sent' });
}

/** The user can ask for the mail again, so the request that caused it does not fail. */
export function mailFailed(kind: string, error: unknown): void {
  mails.inc({ kind, outcome: 'failed' });
  log.error({ kind, err: error }, 'mail not sent');
}

const settlements = new Counter({
  name: 'crosswire_brig_connection_settlements_failed_total',
  help: 'Failed attempts to make both sides of a connection agree after a lost answer or a crash',
  labelNames: ['action'],
});

/** Tried again by itself. */
export function settlementFailed(
  {
    action,
    user,
    other,
  }: { readonly action: string; readonly user: string; readonly other: { readonly domain: string } },
  error: unknown,
): void {
  settlements.inc({ action });
  log.warn({ err: error, action, user, domain: other.domain }, 'a connection could not be settled yet');
}

const deletions = new Counter({
  name: 'crosswire_brig_deletions_total',
  help: 'Deleted accounts, by who deleted them: self, operator, expiry, team',
  labelNames: ['by'],
});

export function accountDeleted(userId: string, by: string): void {
  deletions.inc({ by });
  log.info({ user: userId, by }, 'account deleted');
}

export function clientAdded(userId: string, clientId: string, type: string): void {
  clientChanges.inc({ change: 'added' });
  log.info({ user: userId, client: clientId, type }, 'client added');
}

export function clientsRemoved(userId: string, clientIds: readonly string[]): void {
  clientChanges.inc({ change: 'removed' }, clientIds.length);
  log.info({ user: userId, clients: clientIds }, 'clients removed');
}

export function prekeysClaimed(oneTime: number, lastResort: number): void {
  prekeyClaims.inc({ kind: 'one-time' }, oneTime);
  prekeyClaims.inc({ kind: 'last-resort' }, lastResort);
}

export function keyPackagesClaimed(count: number): void {
  keyPackageClaims.inc(count);
}
