import * as client from '#contract/client/properties.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { PropertyRow, Reader } from '#storage';
import type { Properties } from '../properties/properties.ts';
import { findProperty, listPropertyKeys, listPropertyRows } from '../properties/property-store.ts';

export interface PropertyRouteNeeds {
  readonly reader: Reader;
  readonly properties: Properties;
}

const json = { 'content-type': 'application/json' } as const;

/** What a user's clients remember for each other (reference client-api 9.1). */
export function propertyRoutes({ reader, properties }: PropertyRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.putProperty, async ({ user, params, body }) => {
      await properties.set(user, params.key, body);
      return { status: 200 };
    }),
    handle(client.removeProperty, async ({ user, params }) => {
      await properties.remove(user, params.key);
      return { status: 200 };
    }),
    handle(client.clearProperties, async ({ user }) => {
      await properties.clear(user);
      return { status: 200 };
    }),
    handle(client.getProperty, async ({ user, params }) => {
      const row = await findProperty(reader, user.userId, params.key);
      return row === undefined
        ? { status: 404 }
        : { status: 200, headers: json, body: Buffer.from(row.value) };
    }),
    handle(client.listPropertyKeys, async ({ user }) => ({
      status: 200,
      body: [...(await listPropertyKeys(reader, user.userId))],
    })),
    handle(client.listProperties, async ({ user }) => ({
      status: 200,
      headers: json,
      body: joinValues(await listPropertyRows(reader, user.userId)),
    })),
  ];
}

/** An object of the values as they were sent, which parsing and writing again would change. */
function joinValues(rows: readonly PropertyRow[]): Uint8Array {
  const members = rows.map(({ key, value }) => `${JSON.stringify(key)}:${value}`);
  return Buffer.from(`{${members.join(',')}}`);
}
