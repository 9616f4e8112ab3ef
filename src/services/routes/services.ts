import * as client from '#contract/client/services.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import { ServiceTag } from '#contract/services.ts';
import type { Reader } from '#storage';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type ServicePage, searchServices } from '../catalogue/search.ts';
import { serviceOf, serviceProfileOf } from '../catalogue/service-store.ts';
import type { Whitelist } from '../catalogue/whitelist.ts';

interface Needs {
  readonly reader: Reader;
  readonly catalogue: Catalogue;
  readonly whitelist: Whitelist;
}

/** Services, as their providers keep them and as users find them (reference client-api 9.5). */
export function serviceRoutes(needs: Needs): readonly ServedRoute[] {
  return [...providersRoutes(needs.catalogue), ...usersRoutes(needs), ...teamRoutes(needs.whitelist)];
}

function providersRoutes(catalogue: Catalogue): readonly ServedRoute[] {
  return [
    handle(client.addService, async ({ user, body }) => {
      const { id, authToken } = await catalogue.add(user.provider, body);
      return { status: 201, body: { id, ...(authToken === undefined ? {} : { auth_token: authToken }) } };
    }),
    handle(client.listOwnServices, async ({ user }) => ({
      status: 200,
      body: (await catalogue.list(user.provider)).map(serviceOf),
    })),
    handle(client.getOwnService, async ({ user, params }) => ({
      status: 200,
      body: serviceOf(await catalogue.get(user.provider, params.sid)),
    })),
    handle(client.putService, async ({ user, params, body }) => {
      await catalogue.update(user.provider, params.sid, body);
      return { status: 200 };
    }),
    handle(client.putServiceConnection, async ({ user, params, body }) => {
      await catalogue.updateConnection(user.provider, params.sid, body);
      return { status: 200 };
    }),
    handle(client.deleteService, async ({ user, params, body }) => {
      await catalogue.remove(user.provider, params.sid, body.password);
      return { status: 202 };
    }),
  ];
}

function usersRoutes({ reader, catalogue }: Needs): readonly ServedRoute[] {
  return [
    handle(client.listServices, async ({ params }) => {
      const services = await catalogue.list(params.pid);
      return { status: 200, body: services.filter(({ enabled }) => enabled === 1).map(serviceProfileOf) };
    }),
    handle(client.getService, async ({ params }) => ({
      status: 200,
      body: serviceProfileOf(await catalogue.get(params.pid, params.sid)),
    })),
    handle(client.searchServices, async ({ query }) => ({
      status: 200,
      body: shown(await searchServices(reader, query, sizeOf(query.size))),
    })),
    handle(client.listServiceTags, () => ({ status: 200, body: [...ServiceTag.enum] })),
  ];
}

function teamRoutes(whitelist: Whitelist): readonly ServedRoute[] {
  return [
    handle(client.listWhitelistedServices, async ({ user, params, query }) => {
      const page = await whitelist.list(user.userId, params.tid, {
        prefix: query.prefix ?? '',
        withDisabled: query.filter_disabled?.toLowerCase() === 'false',
        size: sizeOf(query.size),
      });
      return { status: 200, body: shown(page) };
    }),
    handle(client.whitelistService, async ({ user, params, body }) => {
      const { provider, id, whitelisted } = body;
      const hasChanged = await whitelist.set(user.userId, params.tid, { provider, id }, whitelisted);
      return { status: hasChanged ? 200 : 204 };
    }),
  ];
}

const defaultSize = 20;

function sizeOf(size: string | undefined): number {
  return size === undefined ? defaultSize : Number(size);
}

function shown({ services, hasMore }: ServicePage) {
  return { has_more: hasMore, services: services.map(serviceProfileOf) };
}
