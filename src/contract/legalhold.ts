import { Type } from 'typebox';
import { Prekey } from './devices.ts';
import type { UserId } from './ids.ts';
import type { LegalholdStatus } from './profiles.ts';

/** What legal hold means for people who are together, and how its services answer (reference client-api 9.4). */

/** What a legal hold service has made for a user. */
export const LegalholdDevice = Type.Object({
  prekeys: Type.Array(Prekey, { maxItems: 2000 }),
  last_prekey: Prekey,
});
export type LegalholdDevice = Type.Static<typeof LegalholdDevice>;

/** How users stand to legal hold; who is not there has not consented. */
export type LegalholdStatuses = ReadonlyMap<UserId, LegalholdStatus>;

/** Whether somebody is under legal hold or about to be. */
export function isHeld(status: LegalholdStatus | undefined): boolean {
  return status === 'enabled' || status === 'pending';
}

/** Whether somebody has agreed to be with people under legal hold. */
export function hasConsented(status: LegalholdStatus | undefined): boolean {
  return status !== undefined && status !== 'no_consent';
}

/** Whether the users may not be together: one is under legal hold or about to be, and another has not consented. */
export function areInConflict(users: readonly UserId[], statuses: LegalholdStatuses): boolean {
  return (
    users.some((user) => isHeld(statuses.get(user))) &&
    !users.every((user) => hasConsented(statuses.get(user)))
  );
}

/** The same, once a device listens: what is said from now on would be heard without consent. */
export function areOverheard(users: readonly UserId[], statuses: LegalholdStatuses): boolean {
  return (
    users.some((user) => statuses.get(user) === 'enabled') &&
    !users.every((user) => hasConsented(statuses.get(user)))
  );
}
