import * as client from '#contract/client/connections.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import * as internal from '#contract/internal/connections.ts';
import { type AuthenticatedUser, handle, type ServedRoute } from '#contract/route.ts';
import type { Reader } from '#storage';
import { type Connection, toUserConnection } from '../connections/connection-store.ts';
import type { Connections } from '../connections/connections.ts';
import type { FederationStatus } from '../connections/federation-status.ts';
import { readPagingState, writePagingState } from '../connections/paging-state.ts';

export interface ConnectionRouteNeeds {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly connections: Connections;
}

/** Connections for clients (reference client-api 3.4). */
export function connectionRoutes(needs: ConnectionRouteNeeds): readonly ServedRoute[] {
  return [...changingRoutes(needs), ...readingRoutes(needs)];
}

interface Caller {
  readonly user: AuthenticatedUser;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

function originOf({ userId, connectionId }: AuthenticatedUser) {
  return { user: userId, connectionId };
}

function changingRoutes({ ownDomain, connections }: ConnectionRouteNeeds): readonly ServedRoute[] {
  async function create(request: Caller, other: Qualified<UserId>) {
    const { user, requestId, signal } = request;
    const options = { requestId, signal };
    const changed = await connections.request(user.userId, other, originOf(user), options);
    const body = toUserConnection(changed.connection);
    return changed.created ? ({ status: 201, body } as const) : ({ status: 200, body } as const);
  }

  async function update(request: Caller, other: Qualified<UserId>, wanted: client.Relation) {
    const { user, requestId, signal } = request;
    const options = { requestId, signal };
    const changed = await connections.update(user.userId, other, wanted, originOf(user), options);
    if (changed === undefined) return { status: 204 } as const;
    return { status: 200, body: toUserConnection(changed) } as const;
  }

  return [
    handle(client.createConnection, (request) => {
      const { domain, uid } = request.params;
      return create(request, { domain, id: uid });
    }),
    handle(client.createOwnDomainConnection, (request) =>
      create(request, { domain: ownDomain, id: request.body.user }),
    ),
    handle(client.updateConnection, (request) => {
      const { domain, uid } = request.params;
      return update(request, { domain, id: uid }, request.body.status);
    }),
    handle(client.updateOwnDomainConnection, (request) =>
      update(request, { domain: ownDomain, id: request.params.uid }, request.body.status),
    ),
  ];
}

function readingRoutes({ ownDomain, reader, connections }: ConnectionRouteNeeds): readonly ServedRoute[] {
  const { store } = connections;

  async function get({ user }: Caller, other: Qualified<UserId>) {
    const found = await store.find(reader, user.userId, other);
    if (found === undefined) return { status: 404 } as const;
    return { status: 200, body: toUserConnection(found) } as const;
  }

  return [
    handle(client.getConnection, (request) => {
      const { domain, uid } = request.params;
      return get(request, { domain, id: uid });
    }),
    handle(client.getOwnDomainConnection, (request) =>
      get(request, { domain: ownDomain, id: request.params.uid }),
    ),
    handle(client.listOwnDomainConnections, async ({ user, query }) => {
      const size = Number(query.size ?? client.connectionPages.usual);
      const after = query.start === undefined ? undefined : { domain: '', id: query.start };
      const page = await store.list(reader, user.userId, size, after, 'own');
      return {
        status: 200,
        body: { connections: page.connections.map(toUserConnection), has_more: page.hasMore },
      };
    }),
    handle(client.listConnections, async ({ user, body }) => {
      const after = body.paging_state == null ? undefined : readPagingState(body.paging_state);
      const size = body.size ?? client.connectionPages.usual;
      const page = await store.list(reader, user.userId, size, after, 'all');
      return {
        status: 200,
        body: {
          connections: page.connections.map(toUserConnection),
          has_more: page.hasMore,
          paging_state: pagingStateAfter(page.connections.at(-1), ownDomain, body.paging_state),
        },
      };
    }),
  ];
}

/** After an empty page nothing moves on. */
function pagingStateAfter(
  last: Connection | undefined,
  ownDomain: BackendDomain,
  before: string | null | undefined,
): string {
  if (last === undefined) return before ?? writePagingState({ domain: '', id: '' });
  const { domain, id } = last.other;
  return writePagingState({ domain: domain === ownDomain ? '' : domain, id });
}

export interface InternalConnectionRouteNeeds extends ConnectionRouteNeeds {
  readonly federationStatus: FederationStatus;
}

/** Connections on the operations listener (reference client-api 2.9). */
export function internalConnectionRoutes(needs: InternalConnectionRouteNeeds): readonly ServedRoute[] {
  const { ownDomain, reader, connections, federationStatus } = needs;
  const { store, forced } = connections;
  return [
    handle(internal.listOwnDomainStatuses, async ({ body, query }) => {
      const to = body.to?.map((id) => ({ domain: ownDomain, id }));
      const relations = await store.listRelations(reader, body.from, to);
      const statuses = relations.filter(
        ({ to: other, status }) =>
          other.domain === ownDomain && (query.filter === undefined || status === query.filter),
      );
      return {
        status: 200,
        body: statuses.map(({ from, to: { id }, status }) => ({ from, to: id, status })),
      };
    }),
    handle(internal.listStatuses, async ({ body }) => {
      const relations = await store.listRelations(reader, body.from, body.to);
      const statuses = relations.filter(
        ({ status }) => body.relation === undefined || status === body.relation,
      );
      return {
        status: 200,
        body: statuses.map(({ from, to, status }) => ({ from, qualified_to: to, status })),
      };
    }),
    handle(internal.forceConnections, async ({ body }) => {
      await forced.apply(body);
      return { status: 200 };
    }),
    handle(internal.getContacts, async ({ params }) => ({
      status: 200,
      body: { ids: [...(await store.listContacts(reader, params.uid))] },
    })),
    handle(internal.getFederationStatus, async ({ body, requestId, signal }) => {
      const found = await federationStatus.check(body.domains, { requestId, signal });
      switch (found.kind) {
        case 'unreachable':
          return { status: 533, body: { unreachable_backends: [...found.domains] } };
        case 'not-connected':
          return {
            status: 200,
            body: { status: 'non-fully-connected', not_connected: [...found.pair] },
          };
        case 'fully-connected':
          return { status: 200, body: { status: 'fully-connected' } };
      }
    }),
  ];
}
