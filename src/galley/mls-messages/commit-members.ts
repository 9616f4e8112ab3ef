import { conversationTypes } from '#contract/conversations.ts';
import type { CallOptions } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import { refuse } from '#contract/refusal.ts';
import {
  byDomain,
  distinctUsers,
  isSameUser,
  type QualifiedUser,
  roleOf,
} from '../conversations/conversation.ts';
import { askEach } from '../federation/backend-checks.ts';
import type { Group } from '../mls/groups.ts';
import type { Leaf } from '../mls/leaf-store.ts';
import type { MlsClientLookup, MlsClientsOfUsers } from '../needs.ts';
import type { CommitPlan } from './commit-plan.ts';
import { type MlsActor, protocolError, type Target } from './targets.ts';

/** Who joins and who leaves a conversation by a commit in its own group (reference client-api 8.5, steps 7 to 10). */
export interface CommitMembers {
  readonly removed: readonly QualifiedUser[];
  /** Users without a client in the group before. */
  readonly added: readonly QualifiedUser[];
}

const nobody: CommitMembers = { removed: [], added: [] };

/**
 * @throws Refusal `mls-protocol-error` for clients of others in a subconversation, `mls-self-removal-not-allowed`,
 * `mls-client-mismatch` when a user is removed with some of its clients only
 */
export function membersOfCommit(actor: MlsActor, target: Target, plan: CommitPlan): CommitMembers {
  if (target.address.subconversation !== '') {
    assertOwnClientOnly(plan);
    return nobody;
  }
  if (plan.isExternal || target.conversation.protocol === 'mixed') return nobody;
  const added = plan.added.map(({ user }) => user);
  const isFirst = target.group.epoch === 0;
  return {
    removed: removedUsers(actor, target.group, plan.removed),
    added: usersWithout(target.group, distinctUsers(isFirst ? [actor.user, ...added] : added)),
  };
}

/** Those of the users who have no client in a group. Most commits add nobody, and groups are large. */
function usersWithout({ leaves }: Group, users: readonly QualifiedUser[]): readonly QualifiedUser[] {
  if (users.length === 0) return users;
  const known = new Set([...leaves.values()].map(({ user }) => keyOf(user)));
  return users.filter((user) => !known.has(keyOf(user)));
}

function assertOwnClientOnly({ added }: CommitPlan): void {
  if (added.length > 0) throw protocolError('Add proposals in subconversations are not supported');
}

function removedUsers(
  actor: MlsActor,
  { leaves }: Group,
  removed: readonly Leaf[],
): readonly QualifiedUser[] {
  // What the backend has proposed to remove needs nothing more.
  const removing = removed.filter(({ isLeaving }) => !isLeaving);
  if (removing.some(({ user }) => isSameUser(user, actor.user))) throw refuse('mls-self-removal-not-allowed');
  const users = distinctUsers(removing.map(({ user }) => user));
  const gone = new Set(removing.map(({ index }) => index));
  for (const user of users) {
    const left = [...leaves.values()].some(
      (leaf) => isSameUser(leaf.user, user) && !leaf.isLeaving && !gone.has(leaf.index),
    );
    if (left) throw refuse('mls-client-mismatch');
  }
  return users;
}

/**
 * Every new user joins with all the clients that can, and with none that is not its own.
 * @throws Refusal `mls-client-mismatch`; `unreachable-backends` when some cannot be asked and no other user is wrong
 */
export async function assertAllClients(
  { ownDomain, mlsClients }: { readonly ownDomain: BackendDomain; readonly mlsClients: MlsClientLookup },
  users: readonly QualifiedUser[],
  { committer, added }: CommitPlan,
  suite: number,
  options: CallOptions,
): Promise<void> {
  const joining = clientsByUser([committer, ...added]);
  const assertFit = (domain: BackendDomain, ids: readonly UserId[], known: MlsClientsOfUsers) => {
    for (const id of ids) {
      const clients = known.get(id) ?? [];
      const names = joining.get(keyOf({ domain, id })) ?? new Set();
      const isMissing = clients.some((client) => client.mls && !names.has(client.id));
      const all = new Set(clients.map((client) => client.id));
      if (isMissing || [...names].some((name) => !all.has(name))) throw refuse('mls-client-mismatch');
    }
  };
  const asked = new Map(byDomain(users));
  const own = asked.get(ownDomain) ?? [];
  asked.delete(ownDomain);
  if (own.length > 0) assertFit(ownDomain, own, await mlsClients.own(own, suite));
  const mismatches: unknown[] = [];
  const answers = askEach([...asked.keys()], async (domain) => {
    const ids = asked.get(domain) ?? [];
    const known = await mlsClients.remote(domain, ids, suite, options);
    try {
      assertFit(domain, ids, known);
    } catch (mismatch) {
      mismatches.push(mismatch);
    }
  });
  // A mismatch is told also when another backend could not be asked.
  const [outcome] = await Promise.allSettled([answers]);
  if (mismatches.length > 0) throw mismatches[0];
  if (outcome.status === 'rejected') throw outcome.reason;
}

function clientsByUser(leaves: readonly Leaf[]): ReadonlyMap<string, ReadonlySet<ClientId>> {
  const users = new Map<string, Set<ClientId>>();
  for (const { user, client } of leaves) {
    const clients = users.get(keyOf(user)) ?? new Set();
    users.set(keyOf(user), clients.add(client));
  }
  return users;
}

function keyOf({ domain, id }: QualifiedUser): string {
  return `${domain}/${id}`;
}

/**
 * The two users of a one-to-one conversation, which its first commit makes.
 * @throws Refusal `mls-protocol-error` unless the commit adds one other user, and the conversation is the pair's
 */
export function pairOfCommit(
  ownDomain: BackendDomain,
  actor: MlsActor,
  { conversation }: Target,
  { added }: CommitMembers,
): readonly [QualifiedUser, QualifiedUser] {
  const others = added.filter((user) => !isSameUser(user, actor.user));
  const [other] = others;
  if (other === undefined || others.length > 1)
    throw protocolError(
      `The first commit in a one-to-one conversation adds one other user, found ${others.length}`,
    );
  const { domain, id } = oneToOneConversation('mls', actor.user, other);
  if (domain !== ownDomain || id !== conversation.id)
    throw protocolError('The conversation is not the one of its two users');
  return [actor.user, other];
}

/** Those of the users who are not in the conversation yet. */
export function newMembers(
  ownDomain: BackendDomain,
  { conversation }: Target,
  { added }: CommitMembers,
): readonly QualifiedUser[] {
  return added.filter((user) => roleOf(conversation, user, ownDomain) === undefined);
}

/** Whether a conversation begins with the commit. */
export function beginsOneToOne({ conversation, isStored }: Target): boolean {
  return conversation.type === conversationTypes.oneToOne && !isStored.conversation;
}
