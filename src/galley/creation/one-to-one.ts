import { conversationTypes } from '#contract/conversations.ts';
import type { BackendDomain, ConversationId, TeamId, UserId } from '#contract/ids.ts';
import { localOneToOneConversation, oneToOneConversation } from '#contract/one-to-one.ts';
import { refuse } from '#contract/refusal.ts';
import { isSameUser, type OwnConversation, type QualifiedUser } from '../conversations/conversation.ts';
import { assertTeamPermits } from '../members/team-permissions.ts';
import type { TeamLookup, UserLookup } from '../needs.ts';
import { assertConnected } from '../updates/changes/add-members.ts';
import type { Actor } from '../updates/publish.ts';
import type { Created, Creation } from './creation.ts';
import { newPrivate } from './new-conversation.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly users: UserLookup;
  readonly teams: TeamLookup;
  readonly creation: Pick<Creation, 'create'>;
  readonly now: () => number;
}

export interface NewOneToOne {
  readonly others: readonly QualifiedUser[];
  readonly name: string | null;
  readonly team: TeamId | null;
}

/** Makes the one-to-one conversation of the actor and one other user (reference client-api 4.2). */
export type CreateOneToOne = (actor: Actor, wanted: NewOneToOne) => Promise<Created>;

export function createOneToOneOf(needs: Needs): CreateOneToOne {
  return async (actor, { others, name, team }) => {
    const [other] = others;
    if (other === undefined || others.length > 1 || isSameUser(other, actor.user)) throw refuse('invalid-op');
    if (other.domain !== needs.ownDomain) return withRemote(needs, actor, other, name);
    if (team === null) await assertConnected(needs.users, actor, [other]);
    else await assertTeamMates(needs.teams, actor.user.id, other.id, team);
    const { id } = localOneToOneConversation(needs.ownDomain, actor.user.id, other.id);
    return needs.creation.create(actor, oneToOne(needs, actor, other, id, name, team));
  };
}

async function withRemote(
  needs: Needs,
  actor: Actor,
  other: QualifiedUser,
  name: string | null,
): Promise<Created> {
  await assertConnected(needs.users, actor, [other]);
  const { domain, id } = oneToOneConversation('proteus', actor.user, other);
  if (domain !== needs.ownDomain) throw refuse('federation-not-implemented');
  return needs.creation.create(actor, oneToOne(needs, actor, other, id, name, null));
}

async function assertTeamMates(
  teams: TeamLookup,
  creator: UserId,
  other: UserId,
  team: TeamId,
): Promise<void> {
  await assertTeamPermits(teams, creator, team, 'CreateConversation');
  if ((await teams.permissionsOf(other, team)) === undefined) throw refuse('non-binding-team-members');
}

function oneToOne(
  { ownDomain, now }: Needs,
  { user }: Actor,
  other: QualifiedUser,
  id: ConversationId,
  name: string | null,
  team: TeamId | null,
): OwnConversation {
  const wanted = { id, type: conversationTypes.oneToOne, creator: user.id, others: [other], name, team };
  return newPrivate(ownDomain, wanted, now());
}
