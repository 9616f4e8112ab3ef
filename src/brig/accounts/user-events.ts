import type { Prekey } from '#contract/devices.ts';
import type { ClientEvent } from '#contract/events/push.ts';
import type { BackendDomain, ClientId, TeamId, UserId } from '#contract/ids.ts';
import type { SelfProfile } from '#contract/profiles.ts';
import type { AccountRow, Reader, Work } from '#storage';
import type { ConnectionStore } from '../connections/connection-store.ts';
import type { Events, Origin } from '../connections/needs.ts';
import { selfProfileOf, teamOf } from '../users/profile.ts';
import { findAccount } from '../users/user-store.ts';
import type { AccountTeams } from './team-needs.ts';

/** What a `user.update` of a profile may carry (reference events 3). */
export type ProfileChange = Partial<
  Pick<SelfProfile, 'name' | 'picture' | 'assets' | 'accent_id' | 'handle' | 'supported_protocols'>
>;

interface UserEvent extends ClientEvent {
  readonly user: object;
}

/** That legal hold of a user was asked for, has begun or has ended. */
export type LegalholdEvent = ClientEvent & { readonly id: UserId } & (
    | {
        readonly type: 'user.legalhold-request';
        readonly client: { readonly id: ClientId };
        readonly last_prekey: Prekey;
      }
    | { readonly type: 'user.legalhold-enable' | 'user.legalhold-disable' }
  );

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
  /** To the own clients, accepted contacts on this backend, and team mates. */
  legalhold(work: Work, event: LegalholdEvent, origin: Origin): Promise<void>;
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

  /** The user itself, its contacts, and its team mates. */
  async function audienceOf(reader: Reader, id: UserId, team: TeamId | undefined) {
    const contacts = await store.listContacts(reader, id);
    const mates = team === undefined ? [] : await listTeamMates(reader, team);
    return [...new Set([id, ...contacts, ...mates])].map((user) => ({ user }));
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
      const recipients = await audienceOf(work.reader, id, teamOf(account));
      const event: UserEvent = { type: 'user.update', user: { id, ...change, sso_id_deleted: false } };
      await events.push(work, { recipients, event, origin, route: 'direct' });
    },

    async legalhold(work, event, origin) {
      const account = await findAccount(work.reader, event.id);
      const recipients = await audienceOf(work.reader, event.id, account && teamOf(account));
      await events.push(work, { recipients, event, origin, route: 'any' });
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
