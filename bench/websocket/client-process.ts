import { WebSocket } from 'ws';
import type { NotificationList } from '#contract/client/notifications.ts';
import type { UserId } from '#contract/ids.ts';
import type { ClientAnswer, ClientOrder } from './protocol.ts';

/** Clients that count what they get. */

const sockets: WebSocket[] = [];
let frames = 0;
let wanted = Number.POSITIVE_INFINITY;
let reached: (() => void) | undefined;

function onFrame(): void {
  frames += 1;
  if (frames === wanted) reached?.();
}

async function open(url: string, user: UserId): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/await?access_token=${user}`, {
    perMessageDeflate: false,
  });
  socket.on('message', onFrame);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  sockets.push(socket);
}

/** In groups, as a listener's backlog is bounded. */
async function openAll(url: string, users: readonly UserId[]): Promise<void> {
  for (let at = 0; at < users.length; at += 100)
    await Promise.all(users.slice(at, at + 100).map((user) => open(url, user)));
}

async function fetchAll(url: string, user: UserId): Promise<number> {
  let count = 0;
  for (let query = ''; ; ) {
    const answer = await fetch(`${url}/v5/notifications?size=1000${query}`, {
      headers: { authorization: `Bearer ${user}` },
    });
    if (answer.status !== 200) throw new Error(`fetching answered ${answer.status}`);
    const { notifications, has_more } = (await answer.json()) as NotificationList;
    count += notifications.length;
    if (!has_more) return count;
    query = `&since=${notifications.at(-1)?.id}`;
  }
}

/** So many at a time: this process must send a request before the listener gives up waiting for it. */
const fetchesInFlight = 32;

async function fetchAllOf(url: string, users: readonly UserId[]): Promise<number> {
  const left = [...users];
  let count = 0;
  const one = async () => {
    for (let user = left.pop(); user !== undefined; user = left.pop()) {
      const fetched = await fetchAll(url, user);
      count += fetched;
    }
  };
  await Promise.all(Array.from({ length: fetchesInFlight }, one));
  return count;
}

async function obey(order: ClientOrder): Promise<ClientAnswer> {
  switch (order.tag) {
    case 'open':
      await openAll(order.url, order.users);
      break;
    case 'expect':
      wanted = order.frames * sockets.length;
      if (frames < wanted) {
        await new Promise<void>((resolve) => {
          reached = resolve;
        });
      }
      frames = 0;
      wanted = Number.POSITIVE_INFINITY;
      break;
    case 'catch-up': {
      const { url, users } = order;
      await openAll(url, users);
      return { frames: await fetchAllOf(url, users) };
    }
    case 'close':
      for (const socket of sockets.splice(0)) socket.terminate();
  }
  return { frames };
}

process.on('disconnect', () => process.exit(0));
process.on('message', async (order: ClientOrder) => void process.send?.(await obey(order)));
process.send?.({ frames: 0 } satisfies ClientAnswer);
