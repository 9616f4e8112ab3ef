import type { Relation } from '#contract/client/connections.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import { refuse } from '#contract/refusal.ts';
import type { Work } from '#storage';
import { pushConnection } from './connection-events.ts';
import type { Connection, ConnectionStore } from './connection-store.ts';
import type { Events, OneToOneConversations, Origin } from './needs.ts';
import type { OwnStep } from './own-transitions.ts';

/** The two rows of a pair of own users as they were locked, and the name of the one who acts. */
export interface Pair {
  readonly mine: Connection;
  readonly theirs: Connection;
  readonly name: string;
  readonly origin: Origin;
}

export interface OwnStepNeeds {
  readonly store: ConnectionStore;
  readonly events: Events;
  readonly conversations: OneToOneConversations;
  readonly now: () => number;
}

/** Takes a step and returns the row to answer with; undefined when nothing has changed. */
export type TakeOwnStep = (work: Work, pair: Pair, step: OwnStep) => Promise<Connection | undefined>;

/** What each step of `own-transitions.ts` does: rows, conversation, events, in wire-server's order. */
export function createOwnSteps(needs: OwnStepNeeds): TakeOwnStep {
  const { store, events, conversations, now } = needs;

  async function set(work: Work, row: Connection, status: Relation): Promise<Connection> {
    const changed = { ...row, status, updatedAt: now(), revision: row.revision + 1 };
    await store.put(work, changed);
    return changed;
  }

  /** The other user sees the change of its row, and who made it. */
  const tellThem = (work: Work, { name, origin }: Pair, theirs: Connection) =>
    pushConnection(events, work, theirs, origin, name);

  async function tellMe(work: Work, { origin }: Pair, mine: Connection): Promise<Connection> {
    await pushConnection(events, work, mine, origin);
    return mine;
  }

  async function ask(work: Work, pair: Pair): Promise<Connection> {
    const { mine, theirs, origin } = pair;
    await conversations.ask(work, {
      asker: mine.user,
      asked: theirs.user,
      conversation: mine.conversation,
      origin,
    });
    const sent = await set(work, mine, 'sent');
    await tellThem(work, pair, await set(work, theirs, 'pending'));
    return await tellMe(work, pair, sent);
  }

  async function accept(work: Work, pair: Pair, both: boolean): Promise<Connection> {
    const { mine, theirs, origin } = pair;
    const type = await conversations.join(work, mine.user, mine.conversation, origin);
    const accepted = await set(work, mine, 'accepted');
    if (both) {
      await tellThem(work, pair, await set(work, theirs, type === 'connect' ? 'blocked' : 'accepted'));
    }
    return await tellMe(work, pair, accepted);
  }

  async function block(work: Work, pair: Pair): Promise<Connection> {
    const { mine } = pair;
    await conversations.leave(work, mine.user, mine.conversation);
    const mls = mlsConversation(mine, pair.theirs);
    if ((await conversations.mlsState(work, mine.user, mls)) === 'established') {
      await conversations.leave(work, mine.user, mls);
    }
    return await tellMe(work, pair, await set(work, mine, 'blocked'));
  }

  async function unblock(work: Work, pair: Pair, status: 'accepted' | 'sent'): Promise<Connection> {
    const { mine, theirs, origin } = pair;
    const type = await conversations.join(work, mine.user, mine.conversation, origin);
    const mls = mlsConversation(mine, theirs);
    if ((await conversations.mlsState(work, mine.user, mls)) !== 'none') {
      await conversations.join(work, mine.user, mls, origin);
    }
    if (theirs.status === 'sent' && status === 'accepted') {
      await tellThem(work, pair, await set(work, theirs, type === 'connect' ? 'blocked' : 'accepted'));
    }
    return await tellMe(work, pair, await set(work, mine, status));
  }

  async function cancel(work: Work, pair: Pair): Promise<Connection> {
    const { mine, theirs, origin } = pair;
    await conversations.leave(work, mine.user, mine.conversation);
    await pushConnection(events, work, await set(work, theirs, 'cancelled'), origin);
    return await tellMe(work, pair, await set(work, mine, 'cancelled'));
  }

  async function settle(work: Work, pair: Pair): Promise<Connection> {
    await set(work, pair.mine, 'accepted');
    return await tellMe(work, pair, await set(work, pair.theirs, 'accepted'));
  }

  return async (work, pair, step) => {
    switch (step.kind) {
      case 'keep':
        return undefined;
      case 'refuse':
        throw refuse('bad-conn-update');
      case 'ask':
        return await ask(work, pair);
      case 'accept':
        return await accept(work, pair, step.both);
      case 'set': {
        const mine = await set(work, pair.mine, step.mine);
        return step.silent ? mine : await tellMe(work, pair, mine);
      }
      case 'block':
        return await block(work, pair);
      case 'unblock':
        return await unblock(work, pair, step.mine);
      case 'cancel':
        return await cancel(work, pair);
      case 'settle':
        return await settle(work, pair);
    }
  };
}

function mlsConversation(mine: Connection, theirs: Connection) {
  return oneToOneConversation('mls', mine.other, theirs.other);
}
