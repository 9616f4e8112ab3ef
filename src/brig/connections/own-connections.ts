import type { Relation } from '#contract/client/connections.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import { areInConflict } from '#contract/legalhold.ts';
import { localOneToOneConversation } from '#contract/one-to-one.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, Storage, Work } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import { hasIdentity } from '../accounts/identity.ts';
import type { AccountTeams } from '../accounts/team-needs.ts';
import type { Connection, ConnectionStore } from './connection-store.ts';
import type { Events, OneToOneConversations, Origin } from './needs.ts';
import { createOwnSteps } from './own-steps.ts';
import { countsTowardsLimit, requestStep, updateStep } from './own-transitions.ts';

export interface OwnConnectionNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly events: Events;
  readonly conversations: OneToOneConversations;
  readonly teams: Pick<AccountTeams, 'legalholdStatusesOf'>;
  readonly maxConnections: number;
  readonly now: () => number;
}

export interface Changed {
  readonly connection: Connection;
  readonly created: boolean;
}

/** Connections between users of this backend: both rows change in one unit of work. */
export interface OwnConnections {
  /**
   * @throws Refusal `invalid-user`, `no-identity`, `same-binding-team-users`, `bad-conn-update`, `connection-limit`.
   */
  request(user: UserId, other: UserId, origin: Origin): Promise<Changed>;
  /**
   * The connection to answer with; undefined when nothing has changed.
   * @throws Refusal `not-connected`, `bad-conn-update`, `connection-limit`.
   */
  update(user: UserId, other: UserId, wanted: Relation, origin: Origin): Promise<Connection | undefined>;
}

export function createOwnConnections(needs: OwnConnectionNeeds): OwnConnections {
  const { ownDomain, storage, store, now } = needs;
  const qualified = (id: UserId): Qualified<UserId> => ({ domain: ownDomain, id });

  /** Keeps every other change of the pair out. The order of the ids keeps two of them from waiting for each other. */
  async function lockPair(work: Work, user: UserId, other: UserId) {
    const [first, second] = user < other ? [user, other] : [other, user];
    const accounts = [await lockAccount(work, first), await lockAccount(work, second)];
    return {
      account: accounts.find((account) => account?.id === user),
      otherAccount: accounts.find((account) => account?.id === other),
      mine: await store.find(work.reader, user, qualified(other)),
      theirs: await store.find(work.reader, other, qualified(user)),
    };
  }

  async function assertConsent(work: Work, ...users: readonly UserId[]): Promise<void> {
    const statuses = await needs.teams.legalholdStatusesOf(work.reader, users);
    if (areInConflict(users, statuses)) throw refuse('missing-legalhold-consent');
  }

  async function assertBelowLimit(work: Work, user: UserId): Promise<void> {
    const count = await store.countWanted(work.reader, user);
    if (count >= needs.maxConnections) throw refuse('connection-limit');
  }

  function newConnection(user: UserId, other: UserId, status: Relation): Connection {
    const conversation = localOneToOneConversation(ownDomain, user, other);
    const made = { user, other: qualified(other), status, suspendedStatus: undefined, conversation };
    return { ...made, updatedAt: now(), revision: 1, heard: 0 };
  }

  const perform = createOwnSteps(needs);

  return {
    request: (user, other, origin) =>
      storage.work(async (work) => {
        if (user === other) throw refuse('invalid-user');
        const { account, otherAccount, mine, theirs } = await lockPair(work, user, other);
        // The order of the checks is wire-server's.
        assertActive(account, otherAccount);
        await assertConsent(work, user, other);
        assertNoMates(account, otherAccount);
        if (mine === undefined || theirs === undefined) {
          await assertBelowLimit(work, user);
          const pair = {
            mine: newConnection(user, other, 'sent'),
            theirs: newConnection(other, user, 'pending'),
            name: account.name,
            origin,
          };
          return { connection: (await perform(work, pair, { kind: 'ask' })) ?? pair.mine, created: true };
        }
        const step = requestStep(mine.status, theirs.status);
        if (countsTowardsLimit(step, mine.status, 'request')) await assertBelowLimit(work, user);
        const pair = { mine, theirs, name: account.name, origin };
        return { connection: (await perform(work, pair, step)) ?? mine, created: false };
      }),

    update: (user, other, wanted, origin) =>
      storage.work(async (work) => {
        const { account, mine, theirs } = await lockPair(work, user, other);
        if (account === undefined || mine === undefined || theirs === undefined) {
          throw refuse('not-connected');
        }
        const step = updateStep(mine.status, theirs.status, wanted);
        if (countsTowardsLimit(step, mine.status, 'update')) await assertBelowLimit(work, user);
        return await perform(work, { mine, theirs, name: account.name, origin }, step);
      }),
  };
}

/** @throws Refusal `no-identity`, `invalid-user` */
function assertActive(
  account: AccountRow | undefined,
  other: AccountRow | undefined,
): asserts account is AccountRow {
  if (account === undefined || !hasIdentity(account)) throw refuse('no-identity');
  if (other === undefined || !hasIdentity(other)) throw refuse('invalid-user');
}

/** @throws Refusal `same-binding-team-users` */
function assertNoMates({ team }: AccountRow, other: AccountRow | undefined): void {
  if (team !== null && team === other?.team) throw refuse('same-binding-team-users');
}
