import { randomUUID } from 'node:crypto';
import type { NewUser } from '#contract/client/registration.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow } from '#storage';
import type { BrigSettings } from '../settings.ts';

/** From the body of a registration to the row of an account. */

/** How an account comes to be; told to metrics. */
export type Flow =
  | 'email'
  | 'email-code'
  | 'team-creator'
  | 'team-member'
  | 'ephemeral'
  | 'internal'
  | 'provisioned'
  | 'bot';

/**
 * The rules between members that a schema cannot say; wire-server's parser has them (reference client-api 2.3).
 * @throws Refusal `bad-request`, naming the members.
 */
export function assertConsistent(body: NewUser): void {
  const origins = (['invitation_code', 'team_code', 'team', 'sso_id'] as const).filter(
    (name) => body[name] !== undefined,
  );
  if (origins.length > 1) throw wrong(`found ${origins.join(' and ')}, expected at most one of them`);
  if ((body.sso_id === undefined) !== (body.team_id === undefined)) {
    throw wrong('sso_id and team_id: found one of them, expected both or neither');
  }
  if ((body.team_code ?? body.team) !== undefined && body.password === undefined) {
    throw wrong('password: found nothing, expected one, as for all team users');
  }
  const identity = body.email ?? body.phone ?? body.sso_id;
  if (body.expires_in !== undefined && identity !== undefined) {
    throw wrong(
      'expires_in: found beside an identity, expected only for users without email, phone and sso_id',
    );
  }
}

/** What the public end-point leaves to provisioning. @throws Refusal `bad-request`. */
export function assertPublic(body: NewUser): void {
  if (body.sso_id !== undefined) throw wrong('sso_id: found one, expected none on this end-point');
  if (body.uuid !== undefined) throw wrong('uuid: found one, expected none on this end-point');
  if (body.managed_by === 'scim') throw wrong('managed_by: found scim, expected wire or nothing');
}

/** @throws Refusal `bad-request`: accounts of single sign-on need a provisioning service. */
export function assertWithoutSso(body: NewUser): void {
  if (body.sso_id !== undefined) throw wrong('sso_id: found one, but this backend has no single sign-on');
}

function wrong(message: string) {
  return refuse('bad-request', { message: `body: ${message}` });
}

/**
 * The account that a body describes, before any identity. A team creator gets the id of its team here; the team itself
 * comes with the part that keeps teams.
 */
export function newAccountRow(
  body: NewUser,
  passwordHash: string | null,
  settings: BrigSettings,
  nowMs: number,
): AccountRow {
  const ephemeral = isEphemeral(body);
  const lifeSeconds = body.expires_in ?? settings.sessionCookieSeconds;
  return {
    id: body.uuid ?? randomUUID(),
    status: ephemeral ? 'ephemeral' : 'pending',
    name: body.name,
    email: null,
    email_key: null,
    handle: null,
    password_hash: passwordHash,
    accent_id: body.accent_id ?? 0,
    picture: JSON.stringify(body.picture ?? []),
    assets: JSON.stringify(body.assets ?? []),
    supported_protocols: JSON.stringify([...new Set(body.supported_protocols ?? ['proteus'])]),
    locale: (body.locale ?? settings.defaultLocale).replace('_', '-'),
    managed_by: body.managed_by ?? 'wire',
    team: body.team === undefined ? null : randomUUID(),
    sso_id: null,
    service: null,
    expires_at: ephemeral ? nowMs + lifeSeconds * 1000 : null,
    created_at: nowMs,
  };
}

/** Without an identity an account lasts for a while only. */
export function isEphemeral(body: NewUser): boolean {
  return body.email === undefined && body.phone === undefined;
}

export function flowOf(body: NewUser): Flow {
  if (isEphemeral(body)) return 'ephemeral';
  if (body.team_code !== undefined) return 'team-member';
  if (body.team !== undefined) return 'team-creator';
  return body.email_code === undefined ? 'email' : 'email-code';
}
