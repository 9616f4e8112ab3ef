import type { Client } from '#contract/client/clients.ts';
import * as client from '#contract/client/clients.ts';
import type { ClientsByUser } from '#contract/devices.ts';
import type { CallOptions } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, Qualified, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { ClientRow, Reader } from '#storage';
import { clientOf, clientV6Of, clientV7Of } from '../clients/client-form.ts';
import type { UserClientLookup } from '../clients/client-lookup.ts';
import { findClient, listClients } from '../clients/client-store.ts';
import type { Clients } from '../clients/clients.ts';
import { listPrekeyIds } from '../prekeys/prekey-store.ts';

export interface ClientRouteNeeds {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly clients: Clients;
  readonly lookup: UserClientLookup;
}

/** Users' devices (reference client-api 3.5). */
export function clientRoutes(needs: ClientRouteNeeds): readonly ServedRoute[] {
  return [...changingRoutes(needs), ...readingRoutes(needs), ...othersRoutes(needs), ...listRoutes(needs)];
}

function changingRoutes({ clients }: ClientRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.addClientV6, async ({ user, body }) => {
      const row = await clients.add(user, body);
      return { status: 201, headers: { location: row.id }, body: clientV6Of(row) };
    }),
    handle(client.addClientV7, async ({ user, body }) => {
      const row = await clients.add(user, body);
      return { status: 201, headers: { location: row.id }, body: clientV7Of(row) };
    }),
    handle(client.addClient, async ({ user, body }) => {
      const row = await clients.add(user, body);
      return { status: 201, headers: { location: row.id }, body: clientOf(row) };
    }),
    handle(client.updateClientV7, async ({ user, params, body }) => {
      await clients.update(user.userId, params.client, body);
      return { status: 200 };
    }),
    handle(client.updateClient, async ({ user, params, body }) => {
      await clients.update(user.userId, params.client, body);
      return { status: 200 };
    }),
    handle(client.removeClient, async ({ user, params, body }) => {
      await clients.remove(user, params.client, body?.password ?? undefined);
      return { status: 200 };
    }),
  ];
}

function readingRoutes({ reader }: ClientRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.listClientsV6, async ({ user }) => ({
      status: 200,
      body: (await listClients(reader, user.userId)).map(clientV6Of),
    })),
    handle(client.listClients, async ({ user, version }) => ({
      status: 200,
      body: (await listClients(reader, user.userId)).map(formOf(version)),
    })),
    handle(client.getClientV6, async ({ user, params }) => {
      const row = await findClient(reader, user.userId, params.client);
      return row === undefined ? { status: 404 } : { status: 200, body: clientV6Of(row) };
    }),
    handle(client.getClient, async ({ user, params, version }) => {
      const row = await findClient(reader, user.userId, params.client);
      return row === undefined ? { status: 404 } : { status: 200, body: formOf(version)(row) };
    }),
    handle(client.getClientCapabilitiesV6, async ({ user, params }) => {
      const row = await getOwnClient(reader, user.userId, params.client);
      return { status: 200, body: clientV6Of(row).capabilities };
    }),
    handle(client.getClientCapabilities, async ({ user, params, version }) => {
      const row = await getOwnClient(reader, user.userId, params.client);
      return { status: 200, body: formOf(version)(row).capabilities };
    }),
    handle(client.getClientPrekeys, async ({ user, params }) => ({
      status: 200,
      body: [...(await listPrekeyIds(reader, { userId: user.userId, clientId: params.client }))],
    })),
  ];
}

/** The form of the versions with flat capabilities. */
function formOf(version: number): (row: ClientRow) => Client {
  return version < 8 ? clientV7Of : clientOf;
}

async function getOwnClient(reader: Reader, userId: UserId, clientId: ClientId): Promise<ClientRow> {
  const row = await findClient(reader, userId, clientId);
  if (row === undefined) throw refuse('client-not-found');
  return row;
}

function othersRoutes({ ownDomain, lookup }: ClientRouteNeeds): readonly ServedRoute[] {
  async function listOf(user: Qualified<UserId>, options: CallOptions) {
    const clients = await lookup.list([user], options);
    return [...(clients.get(user.domain)?.get(user.id) ?? [])];
  }

  async function getOf(user: Qualified<UserId>, clientId: ClientId, options: CallOptions) {
    const found = (await listOf(user, options)).find(({ id }) => id === clientId);
    if (found === undefined) throw refuse('not-found', { message: 'Client not found' });
    return found;
  }

  return [
    handle(client.getUserClients, async (request) => {
      const { domain, uid: id } = request.params;
      return { status: 200, body: await listOf({ domain, id }, request) };
    }),
    handle(client.getOwnDomainUserClients, async (request) => ({
      status: 200,
      body: await listOf({ domain: ownDomain, id: request.params.uid }, request),
    })),
    handle(client.getUserClient, async (request) => {
      const { domain, uid: id, client: clientId } = request.params;
      return { status: 200, body: await getOf({ domain, id }, clientId, request) };
    }),
    handle(client.getOwnDomainUserClient, async (request) => {
      const { uid: id, client: clientId } = request.params;
      return { status: 200, body: await getOf({ domain: ownDomain, id }, clientId, request) };
    }),
  ];
}

function listRoutes({ lookup }: ClientRouteNeeds): readonly ServedRoute[] {
  async function listAll(
    users: readonly Qualified<UserId>[],
    options: CallOptions,
  ): Promise<Record<BackendDomain, ClientsByUser>> {
    const byDomain = await lookup.list(users, options);
    return Object.fromEntries(
      [...byDomain].map(([domain, byUser]) => [
        domain,
        Object.fromEntries([...byUser].map(([userId, clients]) => [userId, [...clients]])),
      ]),
    );
  }

  return [
    handle(client.listUserClients, async (request) => ({
      status: 200,
      body: { qualified_user_map: await listAll(request.body.qualified_users, request) },
    })),
    handle(client.listUserClientsV1, async (request) => ({
      status: 200,
      body: { qualified_user_map: await listAll(request.body.qualified_users, request) },
    })),
    handle(client.listUserClientsV0, async (request) => ({
      status: 200,
      body: await listAll(request.body, request),
    })),
  ];
}
