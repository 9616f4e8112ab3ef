import type { ClientEvent, Push } from '#contract/events/push.ts';
import { refuse } from '#contract/refusal.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import type { Storage, Work } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import type { PropertyLimits } from '../settings.ts';
import { listPropertyKeys, putPropertyRow, removePropertyRow, removePropertyRows } from './property-store.ts';

export interface PropertiesNeeds {
  readonly storage: Storage;
  readonly events: { push(work: Work, push: Push): Promise<void> };
  readonly limits: PropertyLimits;
}

/** What a user's clients remember for each other; each change is told to the others. */
export interface Properties {
  /**
   * @param value JSON, kept as these bytes.
   * @throws Refusal `property-key-too-large`, `property-value-too-large`, `too-many-properties`.
   */
  set(user: AuthenticatedUser, key: string, value: Uint8Array): Promise<void>;
  /** Does nothing when there is none. */
  remove(user: AuthenticatedUser, key: string): Promise<void>;
  clear(user: AuthenticatedUser): Promise<void>;
}

export function createProperties({ storage, events, limits }: PropertiesNeeds): Properties {
  function assertSizes(key: string, value: Uint8Array): void {
    if (key.length > limits.keyLength) {
      throw refuse('property-key-too-large', {
        message: `key: found ${key.length} characters, expected at most ${limits.keyLength}`,
      });
    }
    if (value.length > limits.valueBytes) {
      throw refuse('property-value-too-large', {
        message: `body: found ${value.length} bytes, expected at most ${limits.valueBytes}`,
      });
    }
  }

  return {
    async set(user, key, value) {
      assertSizes(key, value);
      const text = Buffer.from(value).toString('utf8');
      await storage.work(async (work) => {
        await lockUser(work, user);
        const keys = await listPropertyKeys(work.reader, user.userId);
        if (keys.length >= limits.count && !keys.includes(key)) {
          throw refuse('too-many-properties', {
            message: `found ${keys.length} properties, expected fewer than ${limits.count} to add one`,
          });
        }
        await putPropertyRow(work, { user_id: user.userId, key, value: text });
        await events.push(work, pushOf(user, { type: 'user.properties-set', key, value: JSON.parse(text) }));
      });
    },

    async remove(user, key) {
      await storage.work(async (work) => {
        await removePropertyRow(work, user.userId, key);
        await events.push(work, pushOf(user, { type: 'user.properties-delete', key }));
      });
    },

    async clear(user) {
      await storage.work(async (work) => {
        await removePropertyRows(work, user.userId);
        await events.push(work, pushOf(user, { type: 'user.properties-clear' }));
      });
    },
  };
}

/** Two that add a property at once must both be counted. A token outlives its account by a few minutes. */
async function lockUser(work: Work, { userId }: AuthenticatedUser): Promise<void> {
  const account = await lockAccount(work, userId);
  if (account === undefined || account.status === 'deleted') throw refuse('invalid-user');
}

function pushOf<E extends ClientEvent>({ userId, connectionId }: AuthenticatedUser, event: E): Push {
  return {
    recipients: [{ user: userId }],
    event,
    origin: { user: userId, connectionId },
    route: 'direct',
  };
}
