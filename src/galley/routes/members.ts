import * as client from '#contract/client/conversation-members.ts';
import { actionDenied } from '#contract/federation/galley-errors.ts';
import type { CallOptions } from '#contract/federation-caller.ts';
import type { ConversationId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Reader } from '#storage';
import { isSameUser, type QualifiedConversation, type QualifiedUser } from '../conversations/conversation.ts';
import { selfMember } from '../conversations/view.ts';
import { creatorRole } from '../creation/new-conversation.ts';
import { findMemberSettings } from '../members/member-store.ts';
import type { SetOwnSettings } from '../members/own-settings.ts';
import type { RemoteChanges } from '../remote/remote-changes.ts';
import type { Typing } from '../typing/typing.ts';
import { type AddNeeds, addMembers } from '../updates/changes/add-members.ts';
import { leave, removeMembers } from '../updates/changes/remove-members.ts';
import { setRole } from '../updates/changes/set-role.ts';
import type { Actor } from '../updates/publish.ts';
import type { Update } from '../updates/update.ts';
import { actorOf, assertOwn, changeAnswer } from './caller.ts';

interface Needs extends AddNeeds {
  readonly reader: Reader;
  readonly update: Update;
  readonly remoteChanges: RemoteChanges;
  readonly setOwnSettings: SetOwnSettings;
  readonly typing: Typing;
}

/** Members, and what they set and show. */
export function memberRoutes(needs: Needs): readonly ServedRoute[] {
  return [...addRoutes(needs), ...removeRoutes(needs), ...roleRoutes(needs), ...selfRoutes(needs)];
}

function addRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, update } = needs;
  const add = async (
    actor: Actor,
    conversation: QualifiedConversation,
    users: readonly QualifiedUser[],
    role: string | null | undefined,
  ) => {
    assertOwn(conversation, ownDomain);
    const change = addMembers(needs, users, role ?? creatorRole);
    return changeAnswer((await update(actor, conversation.id, change))?.event);
  };
  return [
    handle(client.addOwnDomainMembers, ({ user, params, body }) => {
      const users = body.users.map((id) => ({ domain: ownDomain, id }));
      const conversation = { domain: ownDomain, id: params.cnv };
      return add(actorOf(user, ownDomain), conversation, users, body.conversation_role);
    }),
    handle(client.addMembersV1, ({ user, params, body }) => {
      const conversation = { domain: ownDomain, id: params.cnv };
      return add(actorOf(user, ownDomain), conversation, body.qualified_users, body.conversation_role);
    }),
    handle(client.addMembers, ({ user, params, body }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      return add(actorOf(user, ownDomain), conversation, body.qualified_users, body.conversation_role);
    }),
  ];
}

function removeRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain } = needs;
  return [
    handle(client.removeOwnDomainMember, async ({ user, params, requestId }) => {
      const conversation = { domain: ownDomain, id: params.cnv };
      const target = { domain: ownDomain, id: params.usr };
      return changeAnswer(await remove(needs, actorOf(user, ownDomain), conversation, target, { requestId }));
    }),
    handle(client.removeMember, async ({ user, params, requestId }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      const target = { domain: params.userDomain, id: params.usr };
      return changeAnswer(await remove(needs, actorOf(user, ownDomain), conversation, target, { requestId }));
    }),
  ];
}

/** What the client asks for is not broken off with it: the owner may have taken the user out already. */
async function remove(
  { ownDomain, conversations, update, remoteChanges }: Needs,
  actor: Actor,
  conversation: QualifiedConversation,
  target: QualifiedUser,
  options: CallOptions,
) {
  const isSelf = isSameUser(actor.user, target);
  if (conversation.domain !== ownDomain) {
    if (!isSelf) throw actionDenied('remove_conversation_member');
    return remoteChanges.leave(actor, conversation, options);
  }
  const change = isSelf ? leave(conversations) : removeMembers(conversations, ownDomain, [target]);
  return (await update(actor, conversation.id, change))?.event;
}

function roleRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, conversations, update } = needs;
  const set = async (
    actor: Actor,
    conversation: QualifiedConversation,
    target: QualifiedUser,
    role: string | null | undefined,
  ) => {
    assertOwn(conversation, ownDomain);
    if (role == null)
      throw refuse('bad-request', {
        message: 'conversation_role: found nothing, expected the name of a role',
      });
    await update(actor, conversation.id, setRole(conversations, ownDomain, target, role));
    return { status: 200 } as const;
  };
  return [
    handle(client.updateOwnDomainMember, ({ user, params, body }) => {
      const conversation = { domain: ownDomain, id: params.cnv };
      const target = { domain: ownDomain, id: params.usr };
      return set(actorOf(user, ownDomain), conversation, target, body.conversation_role);
    }),
    handle(client.updateMember, ({ user, params, body }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      const target = { domain: params.userDomain, id: params.usr };
      return set(actorOf(user, ownDomain), conversation, target, body.conversation_role);
    }),
  ];
}

function selfRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, setOwnSettings, typing } = needs;
  return [
    handle(client.getSelf, async ({ user, params }) => ({
      status: 200,
      body: await findSelf(needs, user.userId, params.cnv),
    })),
    handle(client.updateOwnDomainSelf, async ({ user, params, body }) => {
      await setOwnSettings(actorOf(user, ownDomain), { domain: ownDomain, id: params.cnv }, body);
      return { status: 200 };
    }),
    handle(client.updateSelf, async ({ user, params, body }) => {
      await setOwnSettings(actorOf(user, ownDomain), { domain: params.domain, id: params.cnv }, body);
      return { status: 200 };
    }),
    handle(client.typeInOwnDomain, async ({ user, params, body, requestId, signal }) => {
      const conversation = { domain: ownDomain, id: params.cnv };
      await typing.type(actorOf(user, ownDomain), conversation, body, { requestId, signal });
      return { status: 200 };
    }),
    handle(client.typeIn, async ({ user, params, body, requestId, signal }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      await typing.type(actorOf(user, ownDomain), conversation, body, { requestId, signal });
      return { status: 200 };
    }),
  ];
}

async function findSelf({ ownDomain, reader }: Needs, id: UserId, conversation: ConversationId) {
  const user = { domain: ownDomain, id };
  const settings = await findMemberSettings(reader, conversation, user);
  return settings === undefined ? null : selfMember({ user, role: settings.role }, settings);
}
