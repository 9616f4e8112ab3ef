import type { ClientEvent } from '#contract/events/push.ts';
import type { BackendDomain, TeamId, UserId } from '#contract/ids.ts';
import type { SelfProfile } from '#contract/profiles.ts';
import type { AccountRow, Reader, Work } from '#storage';
import type { ConnectionStore } from '../connections/connection-store.ts';
import type { Events, Origin } from '../connections/needs.ts';
import { selfProfileOf, teamOf } from '../users/profile.ts';
import type { AccountTeams } from './team-needs.ts';

/** What a `user.update` of a profile may carry (reference events 3). */
export type ProfileChange = Partial<
  Pick<SelfProfile, 'name' | 'picture' | 'assets' | 'accent_id' | 'handle' | 'supported_protocols'>
>;

interface UserEvent extends ClientEvent {
  readonly user: object;
}

/**
 * Events about changes of an account (reference events 3). Users of other backends get none: they see a change when
 * their client fetches the profile again.
 */
export interface UserEvents {
  /** To the own clients, accepted contacts on this backend, and team mates. */
  profileChanged(work: Work, account: AccountRow, change: ProfileChange, origin: Origin): Promise<void>;
  /** To the own clients. */
  localeChanged(work: Work, user: UserId, locale: string, origin: Origin): Promise<void>;
  /** The account got its first identity; to the own clients. */
  activated(work: Work, account: AccountRow): Promise<void>;
  /** It got another e-mail address; to the own clients. */
  emailChanged(work: Work, user: UserId, email: string): Promise<void>;
}

export interface UserEventNeeds {
  readonly ownDomain: BackendDomain;
  readonly events: Events;
  readonly store: ConnectionStore;
  readonly teams: Pick<AccountTeams, 'listMembers'>;
}

/** In larger teams, team mates are not told (reference client-api 11, fan-out limit). */
const maxFanOut = 2000;

export function createUserEvents({ ownDomain, events, store, teams }: UserEventNeeds): UserEvents {
  /** Nobody when the team is larger than the fan-out. */
  async function listTeamMates(reader: Reader, team: TeamId): Promise<readonly UserId[]> {
    const members = await teams.listMembers(reader, team, maxFanOut + 1);
    return members.length > maxFanOut ? [] : members;
  }

  async function pushOwn(
    work: Work,
    user: UserId,
    event: UserEvent,
    origin: Origin,
    route: 'any' | 'direct' = 'direct',
  ): Promise<void> {
    await events.push(work, { recipients: [{ user }], event, origin, route });
  }

  return {
    async profileChanged(work, account, change, origin) {
      const id = account.id as UserId;
      const contacts = await store.listContacts(work.reader, id);
      const team = teamOf(account);
      const mates = team === undefined ? [] : await listTeamMates(work.reader, team);
      const recipients = [...new Set([id, ...contacts, ...mates])].map((user) => ({ user }));
      const event: UserEvent = { type: 'user.update', user: { id, ...change, sso_id_deleted: false } };
      await events.push(work, { recipients, event, origin, route: 'direct' });
    },

    async localeChanged(work, id, locale, origin) {
      const event = { type: 'user.update', user: { id, locale, sso_id_deleted: false } };
      await pushOwn(work, id, event, origin);
    },

    async activated(work, account) {
      const event = { type: 'user.activate', user: selfProfileOf(account, ownDomain) };
      await pushOwn(work, account.id as UserId, event, undefined, 'any');
    },

    async emailChanged(work, id, email) {
      await pushOwn(work, id, { type: 'user.update', user: { id, email } }, undefined);
    },
  };
}
