import * as client from '#contract/client/conversation-properties.ts';
import type { Access, AccessRole, LegacyAccessRole } from '#contract/conversations.ts';
import type { CallOptions } from '#contract/federation-caller.ts';

import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import { accessRolesOf } from '../conversations/access.ts';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import type { TeamLookup, UserLookup } from '../needs.ts';
import type { RemoteChanges } from '../remote/remote-changes.ts';
import { rename, setMessageTimer, setReceiptMode } from '../updates/changes/properties.ts';
import { setAccess } from '../updates/changes/set-access.ts';
import { type ProtocolNeeds, setProtocol } from '../updates/changes/set-protocol.ts';
import type { Actor } from '../updates/publish.ts';
import type { Change, Update } from '../updates/update.ts';
import { actorOf, assertOwn, changeAnswer } from './caller.ts';

interface Needs extends ProtocolNeeds {
  readonly users: UserLookup;
  readonly teams: TeamLookup;
  readonly update: Update;
  readonly remoteChanges: RemoteChanges;
}

/** Properties of conversations. */
export function propertyRoutes(needs: Needs): readonly ServedRoute[] {
  return [
    ...nameRoutes(needs),
    ...timerRoutes(needs),
    ...receiptRoutes(needs),
    ...accessRoutes(needs),
    protocolRoute(needs),
  ];
}

/** Only the owner's users can make this change. */
async function changeOwn(
  { ownDomain, update }: Needs,
  actor: Actor,
  conversation: QualifiedConversation,
  change: Change,
) {
  assertOwn(conversation, ownDomain);
  return changeAnswer((await update(actor, conversation.id, change))?.event);
}

function nameRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain } = needs;
  return [
    ...[client.renameOwnDomainV1, client.renameOwnDomain].map((declared) =>
      handle(declared, ({ user, params, body }) => {
        const conversation = { domain: ownDomain, id: params.cnv };
        return changeOwn(needs, actorOf(user, ownDomain), conversation, rename(needs, body.name));
      }),
    ),
    handle(client.rename, ({ user, params, body }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      return changeOwn(needs, actorOf(user, ownDomain), conversation, rename(needs, body.name));
    }),
  ];
}

function timerRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, conversations } = needs;
  return [
    handle(client.setOwnDomainMessageTimer, ({ user, params, body }) => {
      const change = setMessageTimer(conversations, body.message_timer ?? null);
      return changeOwn(needs, actorOf(user, ownDomain), { domain: ownDomain, id: params.cnv }, change);
    }),
    handle(client.setMessageTimer, ({ user, params, body }) => {
      const change = setMessageTimer(conversations, body.message_timer ?? null);
      return changeOwn(needs, actorOf(user, ownDomain), { domain: params.domain, id: params.cnv }, change);
    }),
  ];
}

function receiptRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, conversations, update, remoteChanges } = needs;
  const set = async (
    actor: Actor,
    conversation: QualifiedConversation,
    receiptMode: number,
    options: CallOptions,
  ) => {
    if (conversation.domain === ownDomain) {
      const change = setReceiptMode(conversations, receiptMode);
      return changeAnswer((await update(actor, conversation.id, change))?.event);
    }
    const action = {
      tag: 'ConversationReceiptModeUpdateTag',
      action: { receipt_mode: receiptMode },
    } as const;
    return changeAnswer(await remoteChanges.update(actor, conversation, action, options));
  };
  return [
    handle(client.setOwnDomainReceiptMode, ({ user, params, body, requestId }) => {
      const conversation = { domain: ownDomain, id: params.cnv };
      return set(actorOf(user, ownDomain), conversation, body.receipt_mode, { requestId });
    }),
    handle(client.setReceiptMode, ({ user, params, body, requestId }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      return set(actorOf(user, ownDomain), conversation, body.receipt_mode, { requestId });
    }),
  ];
}

function accessRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain } = needs;
  const set = (
    actor: Actor,
    conversation: QualifiedConversation,
    access: readonly Access[],
    accessRoles: readonly AccessRole[],
  ) => changeOwn(needs, actor, conversation, setAccess(needs, { access, accessRoles }));
  return [
    handle(client.setOwnDomainAccess, ({ user, params, body }) => {
      const conversation = { domain: ownDomain, id: params.cnv };
      return set(actorOf(user, ownDomain), conversation, body.access, legacyRoles(body));
    }),
    handle(client.setAccessV2, ({ user, params, body }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      return set(actorOf(user, ownDomain), conversation, body.access, legacyRoles(body));
    }),
    handle(client.setAccess, ({ user, params, body }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      return set(actorOf(user, ownDomain), conversation, body.access, body.access_role);
    }),
  ];
}

function protocolRoute(needs: Needs): ServedRoute {
  const { ownDomain, update, remoteChanges } = needs;
  return handle(client.setProtocol, async ({ user, params, body, requestId }) => {
    const actor = actorOf(user, ownDomain);
    const conversation = { domain: params.domain, id: params.cnv };
    if (conversation.domain === ownDomain) {
      const change = setProtocol(needs, body.protocol);
      return changeAnswer((await update(actor, conversation.id, change))?.event);
    }
    const action = { tag: 'ConversationUpdateProtocolTag', action: body.protocol } as const;
    return changeAnswer(await remoteChanges.update(actor, conversation, action, { requestId }));
  });
}

function legacyRoles(body: {
  readonly access_role?: LegacyAccessRole | null;
  readonly access_role_v2?: readonly AccessRole[] | null;
}): readonly AccessRole[] {
  if (body.access_role_v2 != null) return body.access_role_v2;
  if (body.access_role != null) return accessRolesOf(body.access_role);
  throw refuse('bad-request', {
    message: 'access_role: found nothing, expected access_role or access_role_v2',
  });
}
