import { randomBytes, randomUUID } from 'node:crypto';
import type { NewService, ServiceConnectionUpdate, ServiceUpdate } from '#contract/client/services.ts';
import type { ProviderId, ServiceId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { ServiceRow, Storage } from '#storage';
import { findProvider, removeProvider } from '../providers/provider-store.ts';
import type { Providers } from '../providers/providers.ts';
import { readServiceKey } from './service-keys.ts';
import {
  changeService,
  findService,
  insertService,
  listServicesOf,
  nameKey,
  removeService,
} from './service-store.ts';

/** Services, as their providers keep them (reference client-api 9.5). */
export interface Catalogue {
  /** Returns the token too when one was made. @throws Refusal `invalid-provider`, `invalid-service-key` */
  add(
    provider: ProviderId,
    body: NewService,
  ): Promise<{ readonly id: ServiceId; readonly authToken?: string }>;
  /** @throws Refusal `not-found` */
  get(provider: ProviderId, id: ServiceId): Promise<ServiceRow>;
  list(provider: ProviderId): Promise<readonly ServiceRow[]>;
  /** @throws Refusal `not-found` */
  update(provider: ProviderId, id: ServiceId, update: ServiceUpdate): Promise<void>;
  /** @throws Refusal `invalid-credentials`, `not-found`, `invalid-service-key` */
  updateConnection(provider: ProviderId, id: ServiceId, update: ServiceConnectionUpdate): Promise<void>;
  /** Its bots leave soon after. @throws Refusal `invalid-credentials`, `not-found` */
  remove(provider: ProviderId, id: ServiceId, password: string): Promise<void>;
  /** Ends a provider with its services. @throws Refusal `invalid-credentials` */
  removeAll(provider: ProviderId, password: string): Promise<void>;
}

interface Needs {
  readonly storage: Storage;
  readonly providers: Providers;
  /** Something has changed that decides about the bots of these services. */
  wakeBotsOf(services: readonly string[]): Promise<void>;
}

const tokenBytes = 18;

export function createCatalogue({ storage, providers, wakeBotsOf }: Needs): Catalogue {
  const { reader } = storage;

  async function get(provider: ProviderId, id: ServiceId): Promise<ServiceRow> {
    const row = await findService(reader, provider, id);
    if (row === undefined) throw refuse('not-found:service');
    return row;
  }

  async function change(provider: ProviderId, id: ServiceId, columns: Partial<ServiceRow>): Promise<void> {
    const isThere = await storage.work((work) => changeService(work, provider, id, columns));
    if (!isThere) throw refuse('not-found:service');
  }

  return {
    get,
    list: (provider) => listServicesOf(reader, provider),

    async add(provider, body) {
      const key = readServiceKey(body.public_key);
      if ((await findProvider(reader, provider)) === undefined) throw refuse('invalid-provider');
      const authToken = body.auth_token ?? randomBytes(tokenBytes).toString('base64url');
      const id = randomUUID() as string as ServiceId;
      const row: ServiceRow = {
        id,
        provider,
        name: body.name,
        name_key: nameKey(body.name),
        summary: body.summary,
        description: body.description,
        base_url: body.base_url,
        auth_tokens: JSON.stringify([authToken]),
        public_keys: JSON.stringify([key]),
        assets: JSON.stringify(body.assets),
        tags: JSON.stringify([...new Set(body.tags)]),
        enabled: 0,
      };
      await storage.work((work) => insertService(work, row));
      return body.auth_token === undefined ? { id, authToken } : { id };
    },

    async update(provider, id, { name, summary, description, assets, tags }) {
      await change(provider, id, {
        ...(name === undefined ? {} : { name, name_key: nameKey(name) }),
        ...(summary === undefined ? {} : { summary }),
        ...(description === undefined ? {} : { description }),
        ...(assets === undefined ? {} : { assets: JSON.stringify(assets) }),
        ...(tags === undefined ? {} : { tags: JSON.stringify([...new Set(tags)]) }),
      });
    },

    async updateConnection(provider, id, body) {
      await providers.assertPassword(provider, body.password);
      const { base_url, auth_tokens: tokens, enabled } = body;
      const keys = body.public_keys?.map(readServiceKey);
      await change(provider, id, {
        ...(base_url === undefined ? {} : { base_url }),
        ...(tokens === undefined ? {} : { auth_tokens: JSON.stringify(tokens) }),
        ...(keys === undefined ? {} : { public_keys: JSON.stringify(keys) }),
        ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
      });
      await wakeBotsOf([id]);
    },

    async remove(provider, id, password) {
      await providers.assertPassword(provider, password);
      await get(provider, id);
      await storage.work((work) => removeService(work, id));
      await wakeBotsOf([id]);
    },

    async removeAll(provider, password) {
      await providers.assertPassword(provider, password);
      const services = await storage.work(async (work) => {
        const rows = await listServicesOf(work.reader, provider);
        for (const { id } of rows) await removeService(work, id as ServiceId);
        await removeProvider(work, provider);
        return rows;
      });
      await wakeBotsOf(services.map(({ id }) => id));
    },
  };
}
