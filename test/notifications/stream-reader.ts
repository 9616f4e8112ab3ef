import assert from 'node:assert/strict';
import type { NotificationList } from '#contract/client/notifications.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { Notifications } from '#notifications';

type Stored = NotificationList['notifications'][number];

interface Query {
  readonly since?: string;
  readonly client?: ClientId;
  readonly size?: string;
}

/** Reads streams through the handlers of the routes, without a listener. */
export interface StreamReader {
  page(user: UserId, query?: Query): Promise<NotificationList>;
  last(user: UserId, query?: Query): Promise<Stored>;
  /** The member `n` of all events, of as many pages as there are. */
  numbers(user: UserId, query?: Query): Promise<readonly number[]>;
}

export function createStreamReader({ routes }: Pick<Notifications, 'routes'>): StreamReader {
  const get = async (path: string, user: UserId, query: Query): Promise<unknown> => {
    const served = routes.find(({ route }) => route.path === path && route.versions?.[0] !== 0);
    assert.ok(served, path);
    const { handler } = served as ServedRoute;
    const request = { user: { userId: user, clientId: undefined, connectionId: '1' }, params: {}, query };
    const answer = (await handler(request as never)) as { status: number; body: Uint8Array };
    assert.equal(answer.status, 200);
    return JSON.parse(Buffer.from(answer.body).toString());
  };
  const page = async (user: UserId, query: Query = {}) =>
    (await get('/notifications', user, query)) as NotificationList;
  return {
    page,
    last: async (user, query = {}) => (await get('/notifications/last', user, query)) as Stored,
    async numbers(user, query = {}) {
      const numbers: number[] = [];
      let { since } = query;
      for (;;) {
        const { notifications, has_more } = await page(user, { ...query, ...(since ? { since } : {}) });
        numbers.push(...notifications.map(({ payload: [event] }) => (event as unknown as { n: number }).n));
        since = notifications.at(-1)?.id;
        if (!has_more) return numbers;
      }
    },
  };
}
