import * as client from '#contract/client/self.ts';
import { removeUser } from '#contract/internal/users.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Deletion } from '../deletion/deletion.ts';

/** Deleting accounts (reference client-api 3.1, 2.9). */
export function deletionRoutes(deletion: Deletion): readonly ServedRoute[] {
  return [
    handle(client.deleteSelf, async ({ user, body }) => {
      const origin = { user: user.userId, connectionId: user.connectionId };
      const expiresIn = await deletion.request(user.userId, body?.password, origin);
      if (expiresIn === undefined) return { status: 200 };
      return { status: 202, body: { expires_in: expiresIn } };
    }),
    handle(client.verifyDeletion, async ({ body }) => {
      await deletion.confirm(body.key, body.code);
      return { status: 200 };
    }),
  ];
}

/** On the operations listener. */
export function internalDeletionRoutes(deletion: Deletion): readonly ServedRoute[] {
  return [
    handle(removeUser, async ({ params }) => ({
      status: (await deletion.removeByOperator(params.uid)) === 'deleted' ? 202 : 200,
    })),
  ];
}
