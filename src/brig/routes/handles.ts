import * as client from '#contract/client/handles.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Handles } from '../handles/handles.ts';

/** Which handles are taken (reference client-api 2.8). */
export function handleRoutes(handles: Handles): readonly ServedRoute[] {
  return [
    handle(client.headHandle, async ({ user, params }) => {
      if (!(await handles.isTaken(user.userId, params.handle))) throw refuse('not-found:handle');
      return { status: 200 };
    }),
    handle(client.checkHandles, async ({ user, body }) => ({
      status: 200,
      body: [...(await handles.listFree(user.userId, body.handles, body.return ?? 1))],
    })),
  ];
}
