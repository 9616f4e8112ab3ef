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
