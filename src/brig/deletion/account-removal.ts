import { maxDeletedConnections, onUserDeletedConnections } from '#contract/federation/brig.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import type { AccountRow, Storage, Work } from '#storage';
import { changeAccount, lockAccount } from '../accounts/account-store.ts';
import { pushConnection } from '../connections/connection-events.ts';
import {
  type Connection,
  type ConnectionStore,
  chunksOf,
  type PageStart,
} from '../connections/connection-store.ts';
import { addIntents, type Intent, turnIntoFarewells } from '../connections/intent-store.ts';
import type { Events, Origin, Outbox } from '../connections/needs.ts';
import type { Settlement } from '../connections/settlement.ts';
import { removeAllCookies } from '../login/cookie-store.ts';
import { indexAccount } from '../search/search-index.ts';
import { accountDeleted } from '../telemetry.ts';
import { userDeletedEvent } from './user-deleted-event.ts';

/** Removes what somebody keeps of a user, in the unit of work of the user's deletion. */
export type UserRemoval = (work: Work, user: UserId) => Promise<void>;

export interface AccountRemovalNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly settlement: Settlement;
  readonly events: Events;
  readonly outbox: Outbox;
  /** Properties, before anybody is told. */
  readonly properties: UserRemoval;
  /** What other parts keep (push tokens, conversations), after the events and before the connections. */
  readonly elsewhere: readonly UserRemoval[];
  /** Clients with their keys, last of all. */
  readonly clients: UserRemoval;
  readonly now: () => number;
}

export type DeletedBy = 'self' | 'operator' | 'expiry' | 'team';

/** The end of an account (reference client-api 3.1, "Deletion effects"). */
export interface AccountRemoval {
  /** All of it in one unit of work. False when there is no such account or it was deleted before. */
  remove(user: UserId, by: DeletedBy, options?: RemovalOptions): Promise<boolean>;
}

export interface RemovalOptions {
  readonly origin?: Origin;
  /** Decides within the unit of work whether the account, as it is locked, may go; it throws or answers. */
  readonly allowed?: (work: Work, account: AccountRow) => Promise<boolean>;
}

/** Rows that are read at once: their number, not that of all connections, bounds the memory. */
const pageSize = 1000;

/** Where a page of rows starts: before all of them. */
const beforeAll: PageStart = { domain: '', id: '' };

export function createAccountRemoval(needs: AccountRemovalNeeds): AccountRemoval {
  const { ownDomain, storage, store, settlement, events, now } = needs;

  async function* pagesOf(work: Work, user: UserId): AsyncGenerator<readonly Connection[]> {
    let start: PageStart = beforeAll;
    for (;;) {
      const { connections, hasMore } = await store.list(work.reader, user, pageSize, start, 'all');
      yield connections;
      const last = connections.at(-1)?.other;
      if (!hasMore || last === undefined) return;
      start = { domain: last.domain === ownDomain ? '' : last.domain, id: last.id };
    }
  }

  /** The own clients and the own users who had accepted; whoever has an open request sees it withdrawn. */
  async function tellOwn(work: Work, user: UserId, connections: readonly Connection[], origin: Origin) {
    const own = connections.filter(({ other }) => other.domain === ownDomain);
    const contacts = own.filter(({ status }) => status === 'accepted').map(({ other }) => other.id);
    if (contacts.length > 0) await pushDeleted(work, user, contacts, origin);
    const me = { domain: ownDomain, id: user };
    for (const connection of own) {
      if (connection.status !== 'sent') continue;
      const { other } = connection;
      const seen = { ...connection, user: other.id, other: me, updatedAt: now() };
      await pushConnection(events, work, { ...seen, status: 'cancelled' }, origin);
    }
  }

  async function pushDeleted(work: Work, user: UserId, to: readonly UserId[], origin: Origin) {
    const event = userDeletedEvent({ domain: ownDomain, id: user });
    const recipients = to.map((id) => ({ user: id }));
    await events.push(work, { recipients, event, origin, route: 'direct' });
  }

  /**
   * Every backend learns of it through the outbox. Where a request is still open it is withdrawn first, or its user
   * would never see that: those are told when the withdrawal was answered.
   */
  async function tellRemotes(work: Work, user: UserId, connections: readonly Connection[]) {
    const remote = connections.filter(({ other }) => other.domain !== ownDomain);
    const open = remote.filter(({ status }) => status === 'sent');
    const farewells = open.map(({ other }) => ({ user, other, action: 'farewell' as const }));
    const others = remote.filter(({ status }) => status !== 'sent').map(({ other }) => other);
    for (const [domain, users] of Map.groupBy(others, (other) => other.domain)) {
      for (const some of chunksOf(users, maxDeletedConnections)) {
        const ids = some.map(({ id }) => id);
        const lane = `pair:${user}:${ids[0]}`;
        await needs.outbox.tell(work, [domain], onUserDeletedConnections, lane, { user, connections: ids });
      }
    }
    const added: Intent[] = [];
    for (const some of chunksOf(farewells, 100)) added.push(...(await addIntents(work, some, now())));
    return added;
  }

  async function removeConnections(work: Work, user: UserId): Promise<void> {
    const farewells = [...(await turnIntoFarewells(work, user))];
    for await (const page of pagesOf(work, user)) farewells.push(...(await tellRemotes(work, user, page)));
    await store.removeOwnUser(work, user);
    work.onCommit(() => {
      for (const farewell of farewells) settlement.add(farewell);
    });
  }

  return {
    remove: (user, by, { origin, allowed } = {}) =>
      storage.work(async (work) => {
        const account = await lockAccount(work, user);
        if (account === undefined || account.status === 'deleted') return false;
        if (allowed !== undefined && !(await allowed(work, account))) return false;
        await emptyAccount(work, user);
        await needs.properties(work, user);
        await pushDeleted(work, user, [user], origin);
        for await (const page of pagesOf(work, user)) await tellOwn(work, user, page, origin);
        for (const remove of needs.elsewhere) await remove(work, user);
        await removeConnections(work, user);
        await needs.clients(work, user);
        work.onCommit(() => accountDeleted(user, by));
        return true;
      }),
  };
}

/** The row stays with id and handle, which nobody may use again; what it said of the person goes. */
export async function emptyAccount(work: Work, user: UserId): Promise<void> {
  const { db } = work;
  const emptied = await changeAccount(work, user, {
    status: 'deleted',
    name: 'default',
    email: null,
    email_key: null,
    password_hash: null,
    accent_id: 0,
    picture: '[]',
    assets: '[]',
    expires_at: null,
  });
  if (emptied !== undefined) await indexAccount(work, emptied);
  await removeAllCookies(work, user);
  await db.deleteFrom('activation').where('user_id', '=', user).execute();
  await db.deleteFrom('password_reset').where('user_id', '=', user).execute();
  await db.deleteFrom('deletion_code').where('user_id', '=', user).execute();
  await db.deleteFrom('verification_code').where('user_id', '=', user).execute();
  await db.deleteFrom('login_failure').where('user_id', '=', user).execute();
}
