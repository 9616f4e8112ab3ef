import type { UserId } from '#contract/ids.ts';
import type { NewSparUser } from '#contract/internal/logins.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, Storage } from '#storage';
import type { Handles } from '../handles/handles.ts';
import { indexAccount } from '../search/search-index.ts';
import type { BrigSettings } from '../settings.ts';
import { accountCreated } from '../telemetry.ts';
import { findAccount } from '../users/user-store.ts';
import { addAccount, workRefusingTaken } from './account-store.ts';
import type { AccountTeams } from './team-needs.ts';

/** Accounts of team members that a single sign-on service vouches for. */
export interface Provisioning {
  /**
   * The account is active at once, has no password, and is in its team before anybody sees it.
   * @throws Refusal `invalid-handle`, `handle-exists`, `key-exists` for an id that is taken, `no-team`,
   * `too-many-team-members`
   */
  create(body: NewSparUser): Promise<AccountRow>;
}

interface Needs {
  readonly storage: Storage;
  readonly settings: Pick<BrigSettings, 'defaultLocale'>;
  readonly handles: Pick<Handles, 'claim'>;
  readonly teams: Pick<AccountTeams, 'enlist'>;
  readonly now: () => number;
}

export function createProvisioning({ storage, settings, handles, teams, now }: Needs): Provisioning {
  return {
    async create(body) {
      const row = rowOf(body, settings.defaultLocale, now());
      const account = await workRefusingTaken(storage, 'handle-exists', async (work) => {
        const user = body.newUserSparUUID;
        if ((await findAccount(work.reader, user)) !== undefined) {
          throw refuse('key-exists', { message: 'newUserSparUUID: there is an account with this id' });
        }
        const wanted = body.newUserSparHandle ?? undefined;
        const handle = wanted === undefined ? null : await handles.claim(work, user, wanted);
        await teams.enlist(work, body.newUserSparTeamId, user, body.newUserSparRole);
        const added = { ...row, handle };
        await addAccount(work, added);
        await indexAccount(work, added);
        return added;
      });
      accountCreated(account.id as UserId, 'provisioned');
      return account;
    },
  };
}

function rowOf(body: NewSparUser, defaultLocale: string, nowMs: number): AccountRow {
  return {
    id: body.newUserSparUUID,
    status: 'active',
    name: body.newUserSparDisplayName,
    email: null,
    email_key: null,
    handle: null,
    password_hash: null,
    accent_id: 0,
    picture: '[]',
    assets: '[]',
    supported_protocols: '["proteus"]',
    locale: (body.newUserSparLocale ?? defaultLocale).replace('_', '-'),
    managed_by: body.newUserSparManagedBy,
    team: body.newUserSparTeamId,
    sso_id: JSON.stringify(body.newUserSparSSOId),
    service: null,
    expires_at: null,
    created_at: nowMs,
  };
}
