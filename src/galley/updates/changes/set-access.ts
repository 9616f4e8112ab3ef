import { type Access, type AccessRole, conversationTypes } from '#contract/conversations.ts';
import type { ConversationAction } from '#contract/federation/conversation-actions.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Work } from '#storage';
import { deleteCode } from '../../codes/code-store.ts';
import { accessRoleSet, accessSet, isAdmitted, isSameSet } from '../../conversations/access.ts';
import type { OwnConversation, QualifiedUser } from '../../conversations/conversation.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { UserLookup } from '../../needs.ts';
import type { Outcome } from '../publish.ts';
import type { Change } from '../update.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly users: UserLookup;
}

interface AccessData {
  readonly access: readonly Access[];
  readonly accessRoles: readonly AccessRole[];
}

/**
 * Who may come in (reference client-api 4.6). Members that the new roles keep out are removed with the same change,
 * each with an event of its own.
 */
export function setAccess(needs: Needs, wanted: AccessData): Change {
  const access = accessSet(wanted.access);
  const accessRoles = accessRoleSet(wanted.accessRoles);
  let excluded: ReadonlySet<string> = new Set();
  return {
    needs: ({ team }) =>
      team === null
        ? ['modify_conversation_access']
        : ['remove_conversation_member', 'modify_conversation_access'],
    async prepare(conversation) {
      assertPossible(conversation, { access, accessRoles });
      const accounts = await needs.users.listOwn([...conversation.ownMembers.keys()]);
      const unfit = accounts.filter((user) => !isAdmitted(user, accessRoles, conversation.team));
      excluded = new Set(unfit.map(({ id }) => id));
    },
    async apply(work, conversation) {
      if (isSameAccess(conversation, { access, accessRoles })) return [];
      await needs.conversations.setProperties(work, conversation.id, {
        ...conversation,
        access,
        accessRoles,
      });
      if (!access.includes('code')) await deleteCode(work, conversation.id);
      const action: ConversationAction = {
        tag: 'ConversationAccessDataTag',
        action: { access: [...access], access_role: [...accessRoles] },
      };
      const removed = keptOut(needs, conversation, accessRoles, excluded);
      return [{ action }, ...(await removeAll(needs, work, conversation, removed))];
    },
  };
}

function assertPossible({ team, type }: OwnConversation, { access, accessRoles }: AccessData): void {
  const isPrivate = access.includes('private') || accessRoles.length === 0;
  const hasNoTeam = team === null && accessRoles.every((role) => role === 'team_member');
  if (type !== conversationTypes.group || isPrivate || hasNoTeam) throw refuse('invalid-op:target-access');
}

function isSameAccess(conversation: OwnConversation, { access, accessRoles }: AccessData): boolean {
  return isSameSet(conversation.access, access) && isSameSet(conversation.accessRoles, accessRoles);
}

function keptOut(
  { ownDomain }: Needs,
  conversation: OwnConversation,
  accessRoles: readonly AccessRole[],
  excluded: ReadonlySet<string>,
): readonly QualifiedUser[] {
  const own = [...conversation.ownMembers.keys()]
    .filter((id) => excluded.has(id))
    .map((id) => ({ domain: ownDomain, id }));
  if (conversation.team === null || accessRoles.includes('non_team_member')) return own;
  const remote = [...conversation.remoteMembers].flatMap(([domain, roles]) =>
    [...roles.keys()].map((id) => ({ domain, id })),
  );
  return [...own, ...remote];
}

async function removeAll(
  { conversations }: Needs,
  work: Work,
  { id }: OwnConversation,
  users: readonly QualifiedUser[],
): Promise<readonly Outcome[]> {
  if (users.length === 0) return [];
  await conversations.removeMembers(work, id, users);
  return users.map((user) => ({
    action: { tag: 'ConversationRemoveMembersTag', action: { targets: [user], reason: 'removed' } },
    removed: [user],
  }));
}
