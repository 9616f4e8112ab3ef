import { setTimeout as delay } from 'node:timers/promises';
import type { Relation } from '#contract/client/connections.ts';
import { type ConnectionAction, sendConnectionAction } from '#contract/federation/brig.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, Qualified, TeamId, UserId } from '#contract/ids.ts';
import type { LabelKey } from '#contract/labels.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { Storage, Work } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import { hasIdentity } from '../accounts/identity.ts';
import { teamOf } from '../users/profile.ts';
import { listRemoteProfiles } from '../users/remote-users.ts';
import { findAccount } from '../users/user-store.ts';
import type { Connection, ConnectionStore } from './connection-store.ts';
import { addIntent, type Intent, removeIntent, weakenIntent } from './intent-store.ts';
import type { Origin, TeamRules } from './needs.ts';
import type { ApplyRelation } from './remote-rows.ts';
import { actionTowards, isWanted, type OwnAction, toldOf, transition } from './remote-transitions.ts';

/**
 * Connections of own users with users of other backends, when the own user acts (reference client-api 3.4).
 *
 * The other backend is asked between two looks at our row, outside any unit of work. What the two users do commutes, so
 * the action is applied to the row as it is when the answer comes. Two things may have happened meanwhile after which the
 * action is taken again, question and all, which is harmless:
 *
 * - Another client of the own user has acted: the last action that takes effect here must be the last one that was told.
 * - Something was heard of the other user. When the answer asks us to apply something, it may be out of date; when a
 *   request was withdrawn, the other user may have been answered that it still stands.
 *
 * Two backends that keep crossing each other part by chance: each waits a little, and longer each time.
 */

export interface RemoteConnectionNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly federation: FederationCaller;
  readonly teamRules: TeamRules;
  readonly apply: ApplyRelation;
  readonly maxConnections: number;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Told of an intent of which nobody knows whether the other side has taken it in. */
  readonly doubted: (intent: Intent) => void;
}

export interface Outcome {
  /** Undefined when there is no row. */
  readonly connection: Connection | undefined;
  readonly created: boolean;
  readonly changed: boolean;
}

export interface RemoteConnections {
  /**
   * @throws Refusal `no-identity`, `team-not-federating`, `connection-limit`, `invalid-user`, and as
   * `FederationCaller.call`, all without any change here.
   */
  request(
    user: UserId,
    other: Qualified<UserId>,
    origin: Origin,
    options: CallOptions,
  ): Promise<Outcome & { readonly connection: Connection }>;
  /**
   * The connection to answer with; undefined when nothing has changed.
   * @throws Refusal as `request`, and `bad-conn-update`.
   */
  update(
    user: UserId,
    other: Qualified<UserId>,
    wanted: Relation,
    origin: Origin,
    options: CallOptions,
  ): Promise<Connection | undefined>;
  /** Does again what a crash has interrupted, or tells what our row says. @throws as `FederationCaller.call`. */
  resume(intent: Intent, signal: AbortSignal): Promise<void>;
}

/** Changes under a question that are answered by asking again; more often than this is no accident. */
const maxRounds = 10;
const maxPauseMs = 100;

/** Failures of our own side, after which the other one cannot have heard anything. */
const unheard: ReadonlySet<LabelKey> = new Set([
  'federation-denied',
  'federation-not-enabled',
  'federation-overloaded',
  'federation-tls-error',
  'invalid-domain',
  'discovery-failure',
]);

/** Refused by the other backend in its answer: it has changed nothing. */
class Declined extends Refusal {}

interface Asked {
  readonly user: UserId;
  readonly other: Qualified<UserId>;
  readonly action: OwnAction;
  readonly origin: Origin;
  readonly options: CallOptions;
}

export function createRemoteConnections(needs: RemoteConnectionNeeds): RemoteConnections {
  const { storage, store, federation, teamRules } = needs;

  /** The team is the other backend's to tell; an unknown user has none. */
  async function assertFederating(other: Qualified<UserId>, options: CallOptions): Promise<void> {
    const [profile] = await listRemoteProfiles(federation, other.domain, [other.id], options);
    if (!teamRules.federatesWith(other.domain, profile?.team ?? null)) throw refuse('team-not-federating');
  }

  async function assertBelowLimit(user: UserId, work?: Work): Promise<void> {
    const count = await store.countWanted(work?.reader ?? storage.reader, user);
    if (count >= needs.maxConnections) throw refuse('connection-limit');
  }

  async function tell({ user, other, options }: Asked, action: ConnectionAction) {
    const account = await findAccount(storage.reader, user);
    const team: TeamId | null = (account && teamOf(account)) ?? null;
    const input = { from: user, from_team: team, to: other.id, action };
    const answer = await federation.call(other.domain, sendConnectionAction, input, options);
    switch (answer.tag) {
      case 'NewConnectionResponseOk':
        return answer.contents ?? undefined;
      case 'NewConnectionResponseNotFederating':
        throw new Declined('team-not-federating');
      case 'NewConnectionResponseUserNotActivated':
        throw new Declined('invalid-user');
    }
  }

  /** One round; undefined when the row has changed meanwhile and there is another round. */
  async function tryOnce(asked: Asked, intent: Intent | undefined, isLast: boolean) {
    const { user, other, action, origin } = asked;
    const before = await store.find(storage.reader, user, other);
    const from = before?.status ?? 'cancelled';
    const limited = action === 'connect' && !isWanted(from);
    if (limited) await assertBelowLimit(user);
    const told = transition(action, from) === undefined ? undefined : toldOf(action, from);
    const reaction = told === undefined ? undefined : await tell(asked, told);
    return await storage.work(async (work): Promise<Outcome | undefined> => {
      const account = await lockAccount(work, user);
      if (account === undefined || account.status === 'deleted') throw refuse('invalid-user');
      const row = await store.find(work.reader, user, other);
      const isCrossed = reaction !== undefined || told === 'RemoteRescind';
      const isStale = isCrossed && row?.heard !== before?.heard;
      if ((isStale || row?.revision !== before?.revision) && !isLast) return undefined;
      if (limited) await assertBelowLimit(user, work);
      if (intent !== undefined) await removeIntent(work, intent);
      return await applyBoth(work, { asked, row, reaction, origin });
    });
  }

  /** The own action, and on top of it what the other side answered; only where both lead is written. */
  async function applyBoth(
    work: Work,
    {
      asked: { user, other, action },
      row,
      reaction,
      origin,
    }: {
      readonly asked: Asked;
      readonly row: Connection | undefined;
      readonly reaction: ConnectionAction | undefined;
      readonly origin: Origin;
    },
  ): Promise<Outcome> {
    const own = transition(action, row?.status ?? 'cancelled');
    const after = own === undefined || reaction === undefined ? own : (transition(reaction, own) ?? own);
    const unchanged = action === 'reassure' && (row === undefined || after === row.status);
    if (after === undefined || unchanged) return { connection: row, created: false, changed: false };
    const connection = await needs.apply(work, { user, other, row, after, actor: 'own', origin });
    return { connection, created: row === undefined, changed: true };
  }

  async function act(asked: Asked, intent: Intent | undefined): Promise<Outcome> {
    for (let round = 1; ; round += 1) {
      const outcome = await tryOnce(asked, intent, round >= maxRounds);
      if (outcome !== undefined) return outcome;
      await delay(needs.random() * Math.min(maxPauseMs, 2 ** round));
    }
  }

  /** Writes the intent first when the action is one that the other side is told. */
  async function actOnce(asked: Asked): Promise<Outcome> {
    const { user, other, action } = asked;
    if (action !== 'connect' && action !== 'rescind') return await act(asked, undefined);
    const before = await store.find(storage.reader, user, other);
    const from = before?.status ?? 'cancelled';
    if (transition(action, from) === undefined) return { connection: before, created: false, changed: false };
    if (action === 'connect' && !isWanted(from)) await assertBelowLimit(user);
    const intent = await storage.work((work) => addIntent(work, { user, other, action }, needs.now()));
    try {
      return await act(asked, intent);
    } catch (error) {
      await giveUp(intent, error);
      throw error;
    }
  }

  async function giveUp(intent: Intent, error: unknown): Promise<void> {
    if (error instanceof Declined || (error instanceof Refusal && unheard.has(error.key))) {
      await storage.work((work) => removeIntent(work, intent));
      return;
    }
    const weakened = await storage.work((work) => weakenIntent(work, intent));
    if (weakened) needs.doubted({ ...intent, action: 'reassure' });
  }

  return {
    async request(user, other, origin, options) {
      const account = await findAccount(storage.reader, user);
      if (account === undefined || !hasIdentity(account)) throw refuse('no-identity');
      await assertFederating(other, options);
      const outcome = await actOnce({ user, other, action: 'connect', origin, options: untilDone(options) });
      if (outcome.connection === undefined) throw refuse('bad-conn-update');
      return { ...outcome, connection: outcome.connection };
    },

    async update(user, other, wanted, origin, options) {
      await assertFederating(other, options);
      const action = actionTowards(wanted);
      if (action === undefined) throw refuse('bad-conn-update');
      const outcome = await actOnce({ user, other, action, origin, options: untilDone(options) });
      if (outcome.connection === undefined) throw refuse('bad-conn-update');
      return outcome.changed ? outcome.connection : undefined;
    },

    async resume(intent, signal) {
      const { user, other, action } = intent;
      if (action === 'farewell') throw new Error('a farewell is no action of a user');
      const asked = { user, other, origin: undefined, options: { signal } };
      try {
        await act({ ...asked, action }, intent);
      } catch (error) {
        if (error instanceof Refusal && error.key === 'connection-limit') {
          await act({ ...asked, action: 'reassure' }, intent);
        } else if (error instanceof Declined || isGone(error)) {
          await storage.work((work) => removeIntent(work, intent));
        } else {
          throw error;
        }
      }
    },
  };
}

/** The own user was deleted: there is nothing to tell about it but that. */
function isGone(error: unknown): boolean {
  return error instanceof Refusal && error.key === 'invalid-user';
}

/** A caller that goes away does not cut short what the other side may already have taken in. */
function untilDone({ requestId }: CallOptions): CallOptions {
  return requestId === undefined ? {} : { requestId };
}
