import type { Client } from '#contract/client/clients.ts';
import type { ClientIdsByUser } from '#contract/devices.ts';
import type { UserId } from '#contract/ids.ts';
import * as internal from '#contract/internal/clients.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Reader } from '#storage';
import type { ClientDirectory } from '../clients/client-directory.ts';
import { clientOf } from '../clients/client-form.ts';
import { listClientsOf } from '../clients/client-store.ts';
import type { Clients } from '../clients/clients.ts';

export interface InternalClientRouteNeeds {
  readonly reader: Reader;
  readonly clients: Clients;
  readonly directory: ClientDirectory;
}

/** Users' devices on the operations listener (reference client-api 2.9). */
export function internalClientRoutes(needs: InternalClientRouteNeeds): readonly ServedRoute[] {
  const { reader, clients, directory } = needs;
  return [
    handle(internal.listClientIds, async ({ body }) => {
      const byUser = await directory.clientsOf(body.users);
      const ids: ClientIdsByUser = Object.fromEntries(
        [...byUser].map(([userId, list]) => [userId, list.map(({ id }) => id)]),
      );
      return { status: 200, body: ids };
    }),
    handle(internal.listFullClients, async ({ body }) => {
      const byUser: Record<UserId, Client[]> = Object.fromEntries(body.users.map((userId) => [userId, []]));
      for (const row of await listClientsOf(reader, body.users)) {
        byUser[row.user_id as UserId]?.push(clientOf(row));
      }
      return { status: 200, body: byUser };
    }),
    handle(internal.addUserClient, async ({ params, query, body }) => {
      const asker = { userId: params.uid, connectionId: query.connection };
      const row = await clients.add(asker, body, query.skip_reauth?.toLowerCase() === 'true');
      return { status: 201, headers: { location: row.id }, body: clientOf(row) };
    }),
  ];
}
