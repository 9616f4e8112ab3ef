import type { LegacyNewConversation, NewConversation } from '#contract/client/conversations.ts';
import * as client from '#contract/client/conversations.ts';
import type { AccessRole } from '#contract/conversations.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import { accessRolesOf } from '../conversations/access.ts';
import { distinctUsers, isSameUser, type OwnConversation } from '../conversations/conversation.ts';
import { type ConversationView, legacyView, ownView, viewIn } from '../conversations/view.ts';
import { type Created, type Creation, withLegacyFailure } from '../creation/creation.ts';
import { creatorRole, type NewGroup } from '../creation/new-conversation.ts';
import type { CreateOneToOne } from '../creation/one-to-one.ts';
import type { Actor } from '../updates/publish.ts';
import { actorOf } from './caller.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly creation: Creation;
  readonly createOneToOne: CreateOneToOne;
}

/** Making conversations. */
export function creationRoutes({ ownDomain, creation, createOneToOne }: Needs): readonly ServedRoute[] {
  const group = (actor: Actor, wanted: NewGroup) =>
    withLegacyFailure(() => creation.createGroup(actor, wanted, false));
  const oneToOne = (actor: Actor, body: NewConversation | LegacyNewConversation) => {
    const { users, name, team } = newGroupOf(body, undefined, actor, { withSelf: true });
    return withLegacyFailure(() => createOneToOne(actor, { others: users, name, team }));
  };
  return [
    handle(client.createConversationV2, async ({ user, body }) => {
      const actor = actorOf(user, ownDomain);
      const made = await group(actor, newGroupOf(body, legacyRoles(body), actor));
      return created(legacyView(viewOf(made, actor, ownDomain)));
    }),
    handle(client.createConversationV3, async ({ user, body, version }) => {
      const actor = actorOf(user, ownDomain);
      const made = await group(actor, newGroupOf(body, body.access_role ?? undefined, actor));
      return created(viewIn(version, viewOf(made, actor, ownDomain)));
    }),
    handle(client.createConversation, async ({ user, body, version }) => {
      const actor = actorOf(user, ownDomain);
      const wanted = newGroupOf(body, body.access_role ?? undefined, actor);
      const made = await creation.createGroup(actor, wanted, true);
      return created({ ...viewIn(version, viewOf(made, actor, ownDomain)), failed_to_add: [] });
    }),
    handle(client.createSelfConversationV2, async ({ user }) => {
      const actor = actorOf(user, ownDomain);
      const made = await creation.createSelf(actor);
      return answerOf(made, legacyView(viewOf(made.conversation, actor, ownDomain)));
    }),
    handle(client.createSelfConversation, async ({ user }) => {
      const actor = actorOf(user, ownDomain);
      const made = await creation.createSelf(actor);
      return answerOf(made, viewOf(made.conversation, actor, ownDomain));
    }),
    handle(client.createOneToOneV2, async ({ user, body }) => {
      const actor = actorOf(user, ownDomain);
      const made = await oneToOne(actor, body);
      return answerOf(made, legacyView(viewOf(made.conversation, actor, ownDomain)));
    }),
    ...[client.createOneToOneV6, client.createOneToOne].map((declared) =>
      handle(declared, async ({ user, body }) => {
        const actor = actorOf(user, ownDomain);
        const made = await oneToOne(actor, body);
        return answerOf(made, viewOf(made.conversation, actor, ownDomain));
      }),
    ),
  ];
}

function legacyRoles({
  access_role,
  access_role_v2,
}: LegacyNewConversation): readonly AccessRole[] | undefined {
  if (access_role_v2 != null) return access_role_v2;
  return access_role == null ? undefined : accessRolesOf(access_role);
}

/** What is asked for, with the creator left out of its own list. */
function newGroupOf(
  body: NewConversation | LegacyNewConversation,
  accessRoles: readonly AccessRole[] | undefined,
  { user: creator }: Actor,
  { withSelf = false } = {},
): NewGroup {
  const { domain } = creator;
  const own = (body.users ?? []).map((id) => ({ domain, id }));
  const users = distinctUsers([...own, ...(body.qualified_users ?? [])]);
  return {
    users: withSelf ? users : users.filter((user) => !isSameUser(user, creator)),
    role: body.conversation_role ?? creatorRole,
    name: body.name ?? null,
    access: body.access ?? undefined,
    accessRoles,
    team: body.team?.teamid ?? null,
    messageTimer: body.message_timer ?? null,
    receiptMode: body.receipt_mode ?? null,
    protocol: body.protocol ?? 'proteus',
  };
}

function viewOf(conversation: OwnConversation, { user }: Actor, ownDomain: BackendDomain): ConversationView {
  const role = conversation.ownMembers.get(user.id) ?? creatorRole;
  return ownView(conversation, ownDomain, { user, role });
}

function created<T extends { readonly id: string }>(body: T) {
  return { status: 201, headers: { location: body.id }, body } as const;
}

function answerOf<T extends { readonly id: string }>({ isNew }: Created, body: T) {
  return isNew ? created(body) : ({ status: 200, headers: { location: body.id }, body } as const);
}
