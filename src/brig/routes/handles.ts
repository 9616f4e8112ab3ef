import * as client from '#contract/client/handles.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Handles } from '../handles/handles.ts';

/** Which handles are taken (reference client-api 2.8). */
export function handleRoutes(handles: Handles): readonly ServedRoute[] {
  return [
    ...[client.headHandleV6, client.headHandle].map((declared) =>
      handle(declared, async ({ user, params }) => {
        if (!(await handles.isTaken(user.userId, params.handle))) throw refuse('not-found:handle');
        return { status: 200 };
      }),
    ),
    ...[client.checkHandlesV6, client.checkHandles].map((declared) =>
      handle(declared, async ({ user, body }) => ({
        status: 200,
        body: [...(await handles.listFree(user.userId, body.handles, body.return ?? 1))],
      })),
    ),
  ];
}
