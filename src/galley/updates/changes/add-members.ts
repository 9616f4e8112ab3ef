import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import { assertAdmitted } from '../../conversations/access.ts';
import {
  byDomain,
  distinctUsers,
  type OwnConversation,
  type QualifiedUser,
  roleOf,
} from '../../conversations/conversation.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { BackendChecks } from '../../federation/backend-checks.ts';
import { withoutConsent } from '../../legalhold/newcomers.ts';
import { assertNotAbove } from '../../members/role-table.ts';
import { assertPermittedIn } from '../../members/team-permissions.ts';
import type { LegalholdLookup, OwnUser, TeamLookup, UserLookup } from '../../needs.ts';
import type { Actor, Outcome } from '../publish.ts';
import type { Change } from '../update.ts';

export interface AddNeeds {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly users: UserLookup;
  readonly teams: TeamLookup;
  readonly legalhold: LegalholdLookup;
  readonly reader: Reader;
  readonly backends: BackendChecks;
  readonly maxConversationSize: number;
  readonly isFederating: boolean;
}

/** An own user adds users of any backend (reference client-api 4.5). */
export function addMembers(needs: AddNeeds, invited: readonly QualifiedUser[], role: string): Change {
  const { ownDomain, conversations } = needs;
  const all = distinctUsers(invited);
  const newcomers = (conversation: OwnConversation) =>
    all.filter((user) => roleOf(conversation, user, ownDomain) === undefined);
  return {
    needs: () => ['add_conversation_member'],
    notInMls: true,
    async prepare(conversation, actor, ownRole) {
      if (actor.user.domain !== ownDomain) throw refuse('federation-not-implemented');
      assertNotAbove(role, ownRole);
      const users = newcomers(conversation);
      assertRoom(needs, conversation, users);
      if (!conversation.access.includes('invite')) throw refuse('access-denied');
      await assertOwnUsers(needs, conversation, actor, users);
      await withoutConsent(needs, needs.reader, conversation, users);
      await assertRemoteUsers(needs, conversation, actor, users);
      await assertPermittedIn(needs, conversation, actor.user, 'AddRemoveConvMember');
    },
    async apply(work, conversation) {
      const users = newcomers(conversation);
      if (users.length === 0) return [];
      assertRoom(needs, conversation, users);
      const added = users.map((user) => ({ user, role }));
      const leaving = await withoutConsent(needs, work.reader, conversation, users);
      await conversations.addMembers(work, conversation.id, added);
      await conversations.removeMembers(work, conversation.id, leaving);
      const joined: Outcome = {
        action: { tag: 'ConversationJoinTag', action: { users: [...users], role } },
        added,
      };
      return [joined, ...leaving.map(removal)];
    },
  };
}

/** Somebody has to go because of who has come. */
function removal(user: QualifiedUser): Outcome {
  const action = { targets: [user], reason: 'removed' as const };
  return { action: { tag: 'ConversationRemoveMembersTag', action }, removed: [user] };
}

function assertRoom(
  { maxConversationSize }: Pick<AddNeeds, 'maxConversationSize'>,
  conversation: OwnConversation,
  users: readonly QualifiedUser[],
): void {
  if (conversation.ownMembers.size + users.length > maxConversationSize) throw refuse('too-many-members');
}

async function assertOwnUsers(
  { ownDomain, users: lookup }: AddNeeds,
  conversation: OwnConversation,
  actor: Actor,
  users: readonly QualifiedUser[],
): Promise<void> {
  const own = users.filter(({ domain }) => domain === ownDomain);
  if (own.length === 0) return;
  const accounts = await lookup.listOwn([actor.user.id, ...own.map(({ id }) => id)]);
  const byId = new Map(accounts.map((account) => [account.id, account]));
  const known = own.map(({ id }) => byId.get(id)).filter((account) => account !== undefined);
  assertAdmitted(known, conversation.accessRoles, conversation.team);
  const strangers = own.filter(({ id }) => !isTeamMate(byId.get(actor.user.id), byId.get(id)));
  await assertConnected(lookup, actor, strangers);
}

/** Users of one team need no connection. */
function isTeamMate(one: OwnUser | undefined, other: OwnUser | undefined): boolean {
  return one?.team != null && one.team === other?.team;
}

async function assertRemoteUsers(
  { ownDomain, users: lookup, backends, isFederating }: AddNeeds,
  conversation: OwnConversation,
  actor: Actor,
  users: readonly QualifiedUser[],
): Promise<void> {
  const remote = users.filter(({ domain }) => domain !== ownDomain);
  if (remote.length === 0) return;
  if (!isFederating) throw refuse('federation-not-enabled');
  await assertConnected(lookup, actor, remote);
  const invited = [...byDomain(remote).keys()];
  const isNew = invited.some((domain) => !conversation.remoteMembers.has(domain));
  if (isNew) {
    await backends.mustFederate([...new Set([...conversation.remoteMembers.keys(), ...invited])]);
  } else {
    await backends.mustAnswer(invited);
  }
}

/** @throws Refusal `not-connected` unless the actor is connected with every one of the users. */
export async function assertConnected(
  lookup: UserLookup,
  { user }: Pick<Actor, 'user'>,
  others: readonly QualifiedUser[],
): Promise<void> {
  if (others.length === 0) return;
  const connected = await lookup.connectedWith(user.id, others);
  if (connected.length < others.length) throw refuse('not-connected');
}
