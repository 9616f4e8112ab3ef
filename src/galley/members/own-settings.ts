import type { MemberSettings } from '#contract/events/conversation.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import { conversationEvent } from '../conversations/conversation-event.ts';
import type { Events } from '../needs.ts';
import { type Actor, originOf } from '../updates/publish.ts';
import { declaredSettings, settingsColumns } from './member-settings.ts';
import { updateMemberSettings } from './member-store.ts';
import { updateRemoteSettings } from './remote-membership-store.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly events: Events;
  readonly now: () => number;
}

/**
 * Mutes, archives or hides a conversation of any backend for an own user; only its own clients are told.
 * @throws Refusal `no-conversation` when it is no member, `bad-request` when there is nothing to set
 */
export type SetOwnSettings = (
  actor: Actor,
  conversation: QualifiedConversation,
  settings: MemberSettings,
) => Promise<void>;

export function createSetOwnSettings({ ownDomain, storage, events, now }: Needs): SetOwnSettings {
  return (actor, conversation, settings) => {
    const columns = settingsColumns(settings);
    if (Object.keys(columns).length === 0)
      throw refuse('bad-request', {
        message:
          'body: found nothing to set, expected at least one of otr_muted_status, otr_muted_ref, otr_archived, otr_archived_ref, hidden, hidden_ref',
      });
    return storage.work(async (work) => {
      const isMember =
        conversation.domain === ownDomain
          ? await updateMemberSettings(work, conversation.id, actor.user, columns)
          : await updateRemoteSettings(work, conversation, actor.user.id, columns);
      if (!isMember) throw refuse('no-conversation');
      const happening = { conversation, from: actor.user, time: new Date(now()).toISOString() };
      await events.push(work, {
        recipients: [{ user: actor.user.id }],
        event: conversationEvent('conversation.member-update', happening, {
          qualified_target: actor.user,
          target: actor.user.id,
          ...declaredSettings(settings),
        }),
        ...originOf(actor, ownDomain),
      });
    });
  };
}
