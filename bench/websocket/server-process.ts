import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { VerifyToken } from '#contract/verified-token.ts';
import { createUpgrades, openGateway } from '#gateway';
import { openNotifications } from '#notifications';
import { openStorage } from '#storage';
import { event, type ServerAnswer, type ServerOrder } from './protocol.ts';

/** Notifications behind a client listener, that makes its events itself: `server-process.ts STORAGE-URL`. */

const ownDomain = 'a.example.com' as BackendDomain;
const verifyToken: VerifyToken = (text) => ({
  type: 'a',
  userId: text as UserId,
  clientId: undefined as ClientId | undefined,
  connectionId: '1',
  expiresAt: -1,
});

await using stack = new AsyncDisposableStack();
const storage = stack.use(await openStorage({ url: process.argv[2] ?? '' }));
const notifications = stack.use(await openNotifications({ ownDomain, storage }));
const gateway = stack.use(
  await openGateway({
    listen: { host: '127.0.0.1', port: 0 },
    routes: notifications.routes,
    verifyToken,
    ownDomain,
    federationEnabled: false,
    limits: { maxSockets: 20_000 },
    onUpgrade: createUpgrades({ routes: notifications.upgrades, verifyToken }),
  }),
);
stack.use(notifications.sockets);

function usage(): ServerAnswer {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss() };
}

async function push(users: readonly UserId[], count: number, window: number): Promise<void> {
  const recipients = users.map((user) => ({ user }));
  let left = count;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await storage.work((work) => notifications.push(work, { recipients, event }));
    }
  };
  await Promise.all(Array.from({ length: window }, one));
}

async function fill(users: readonly UserId[], count: number): Promise<void> {
  for (const user of users) {
    const pushes = Array.from({ length: count }, () => ({ recipients: [{ user }], event }));
    await storage.work((work) => notifications.pushMany(work, pushes));
  }
}

async function obey(order: ServerOrder): Promise<ServerAnswer> {
  if (order.tag === 'push') await push(order.users, order.count, order.window);
  else if (order.tag === 'fill') await fill(order.users, order.count);
  else globalThis.gc?.();
  return usage();
}

const ended = Promise.withResolvers<void>();
process.on('disconnect', ended.resolve);
process.on('message', async (order: ServerOrder) => void process.send?.(await obey(order)));
process.send?.({ ...usage(), url: gateway.url } satisfies ServerAnswer);
await ended.promise;
