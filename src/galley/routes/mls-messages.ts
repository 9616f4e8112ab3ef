import * as client from '#contract/client/mls-messages.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { type AuthenticatedUser, handle, type ServedRoute } from '#contract/route.ts';
import type { MlsSent, SendMls } from '../mls-messages/send.ts';
import type { MlsActor } from '../mls-messages/targets.ts';
import { actorOf } from './caller.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly sendMls: SendMls;
}

/** What MLS clients send. */
export function mlsMessageRoutes({ ownDomain, sendMls }: Needs): readonly ServedRoute[] {
  return [
    handle(client.sendMlsMessage, async ({ user, body, requestId }) =>
      answerOf(await sendMls.message(mlsActorOf(user, ownDomain), body.bytes, { requestId })),
    ),
    handle(client.sendMlsCommitBundle, async ({ user, body, requestId }) =>
      answerOf(await sendMls.commit(mlsActorOf(user, ownDomain), body.bytes, { requestId })),
    ),
  ];
}

function answerOf({ time, events }: MlsSent) {
  return { status: 201 as const, body: { time, events: [...events] } };
}

/** The client behind a request. @throws Refusal `bad-request` for a token that is of no client */
export function mlsActorOf(user: AuthenticatedUser, ownDomain: BackendDomain): MlsActor {
  if (user.clientId === undefined)
    throw refuse('bad-request', {
      message: 'authorization: found a token of no client, expected one from POST /access?client_id=…',
    });
  return { ...actorOf(user, ownDomain), client: user.clientId };
}
