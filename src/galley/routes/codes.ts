import * as client from '#contract/client/conversation-codes.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Codes, Created } from '../codes/codes.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { actorOf, changeAnswer } from './caller.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly codes: Codes;
  readonly conversations: ConversationLookup;
  readonly guestLinks: boolean;
}

/** Codes, and joining by them. */
export function codeRoutes({ ownDomain, codes, conversations, guestLinks }: Needs): readonly ServedRoute[] {
  return [
    handle(client.createCodeV3, async ({ user, params }) =>
      createdAnswer(await codes.create(actorOf(user, ownDomain), params.cnv, undefined)),
    ),
    handle(client.createCode, async ({ user, params, body }) =>
      createdAnswer(await codes.create(actorOf(user, ownDomain), params.cnv, body?.password ?? undefined)),
    ),
    handle(client.getCode, async ({ user, params }) => ({
      status: 200,
      body: await codes.get(actorOf(user, ownDomain), params.cnv),
    })),
    handle(client.deleteCode, async ({ user, params }) => ({
      status: 200,
      body: await codes.remove(actorOf(user, ownDomain), params.cnv),
    })),
    handle(client.checkCode, async ({ body }) => {
      await codes.check(body);
      return { status: 200 };
    }),
    handle(client.getCoverView, async ({ user, query }) => {
      const { conversation, hasPassword } = await codes.preview(actorOf(user, ownDomain), query);
      const { id, name } = conversation;
      return { status: 200, body: { id, name, has_password: hasPassword } };
    }),
    handle(client.joinByCode, async ({ user, body }) => {
      const { key, code, password } = body;
      const given = { key, code, ...(password == null ? {} : { password }) };
      return changeAnswer(await codes.join(actorOf(user, ownDomain), given));
    }),
    handle(client.joinById, async ({ user, params }) =>
      changeAnswer(await codes.joinById(actorOf(user, ownDomain), params.cnv)),
    ),
    handle(client.getGuestLinksStatus, async ({ user, params }) => {
      const conversation = await conversations.find(params.cnv);
      if (conversation === undefined) throw refuse('no-conversation');
      if (!conversation.ownMembers.has(user.userId)) throw refuse('access-denied');
      const status = guestLinks ? 'enabled' : 'disabled';
      return { status: 200, body: { status, lockStatus: 'unlocked', ttl: 'unlimited' } };
    }),
  ];
}

function createdAnswer(created: Created) {
  return created.kind === 'new'
    ? ({ status: 201, body: created.event } as const)
    : ({ status: 200, body: created.code } as const);
}
