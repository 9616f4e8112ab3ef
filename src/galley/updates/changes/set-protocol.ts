import type { ProtocolName } from '#contract/conversations.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { membersOf, type OwnConversation, roleOf } from '../../conversations/conversation.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import { newMlsGroup } from '../../creation/new-conversation.ts';
import type { Groups } from '../../mls/groups.ts';
import type { ProposeRemovals } from '../../mls-messages/removal-proposals.ts';
import type { MigrationLookup } from '../../needs.ts';
import type { Change } from '../update.ts';

export interface ProtocolNeeds {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly groups: Groups;
  readonly migration: MigrationLookup;
  readonly proposeRemovals: ProposeRemovals;
  readonly now: () => number;
}

/** The suite of groups of conversations that were Proteus ones. */
const migratedSuite = 1;

/**
 * Another way to encrypt: a team's conversation goes from Proteus to both and then, when everybody can follow or the
 * time is up, to MLS (reference client-api 4.6). The one in use changes nothing.
 */
export function setProtocol(needs: ProtocolNeeds, protocol: ProtocolName): Change {
  return {
    needs: () => ['leave_conversation'],
    async prepare(conversation) {
      assertTransition(conversation, protocol);
      if (conversation.protocol === 'mixed' && protocol === 'mls') await assertMayFinish(needs, conversation);
    },
    async apply(work, conversation, actor) {
      assertTransition(conversation, protocol);
      if (conversation.protocol === protocol) return [];
      const { ownDomain, conversations, groups, proposeRemovals, now } = needs;
      const { id, type } = conversation;
      await conversations.setProperties(work, id, { ...conversation, protocol });
      if (protocol === 'mixed') {
        const group = newMlsGroup(type, { domain: ownDomain, id });
        const begun = { at: now(), suite: migratedSuite };
        await groups.reset(work, conversation, '', { ...group, begun });
      } else {
        // Nobody's commit did this while both protocols were in use.
        await proposeRemovals(work, {
          conversation,
          groups: 'all',
          isAffected: ({ user }) => roleOf(conversation, user, ownDomain) === undefined,
          from: actor.user,
          time: now(),
        });
      }
      return [{ action: { tag: 'ConversationUpdateProtocolTag', action: protocol } }];
    },
  };
}

function assertTransition({ protocol, team }: OwnConversation, wanted: ProtocolName): void {
  if (protocol === wanted) return;
  const isNext = (protocol === 'proteus' && wanted === 'mixed') || (protocol === 'mixed' && wanted === 'mls');
  if (!isNext || team === null) throw refuse('invalid-protocol-transition');
}

async function assertMayFinish(
  { ownDomain, migration, now }: ProtocolNeeds,
  conversation: OwnConversation,
): Promise<void> {
  const settings = conversation.team === null ? undefined : await migration.find(conversation.team);
  if (settings === undefined) throw refuse('mls-migration-criteria-not-satisfied');
  if (settings.finaliseAfter !== undefined && settings.finaliseAfter <= now()) return;
  const users = membersOf(conversation, ownDomain).map(({ user }) => user);
  if (!(await migration.allSupportMls(users))) throw refuse('mls-migration-criteria-not-satisfied');
}
