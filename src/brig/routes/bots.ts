import * as client from '#contract/client/bots.ts';
import { parseUuid, type UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { ClientRow, Reader } from '#storage';
import { botUserView } from '../bots/bot-accounts.ts';
import { clientV6Of, pubClientOf } from '../clients/client-form.ts';
import { listClients } from '../clients/client-store.ts';
import type { Clients } from '../clients/clients.ts';
import { listPrekeyIds } from '../prekeys/prekey-store.ts';
import { type ProfileNeeds, profilesOf } from '../users/profile.ts';
import { findAccount, listAccounts } from '../users/user-store.ts';

interface Needs extends ProfileNeeds {
  readonly clients: Pick<Clients, 'update'>;
}

/** What a bot may know of users of this backend, and does with its own client (reference client-api 9.5). */
export function botRoutes(needs: Needs): readonly ServedRoute[] {
  return [...selfRoutes(needs), ...userRoutes(needs)];
}

function selfRoutes(needs: Needs): readonly ServedRoute[] {
  const { reader, clients } = needs;
  return [
    handle(client.getBotSelf, async ({ user }) => {
      const account = await findAccount(reader, user.userId);
      const [body] = account === undefined ? [] : await profilesOf(needs, [account]);
      if (body === undefined) throw refuse('not-found:user');
      return { status: 200, body };
    }),
    handle(client.getBotClient, async ({ user }) => ({
      status: 200,
      body: clientV6Of(await getClient(reader, user.userId)),
    })),
    handle(client.listBotPrekeys, async ({ user }) => {
      const [row] = await listClients(reader, user.userId);
      const ids = row === undefined ? [] : await listPrekeyIds(reader, ownedClient(row));
      return { status: 200, body: [...ids] };
    }),
    handle(client.addBotPrekeys, async ({ user, body }) => {
      const { userId, clientId } = ownedClient(await getClient(reader, user.userId));
      await clients.update(userId, clientId, { prekeys: body.prekeys });
      return { status: 200 };
    }),
  ];
}

function userRoutes({ reader }: Needs): readonly ServedRoute[] {
  return [
    handle(client.listBotUsers, async ({ user, query }) => {
      await assertAlive(reader, user.userId);
      const accounts = await listAccounts(reader, query.ids.split(',').map(readId));
      return { status: 200, body: accounts.filter(({ status }) => status !== 'pending').map(botUserView) };
    }),
    handle(client.listBotUserClients, async ({ user, params }) => {
      await assertAlive(reader, user.userId);
      return { status: 200, body: (await listClients(reader, params.uid)).map(pubClientOf) };
    }),
  ];
}

/** The token of a bot outlives it. @throws Refusal `access-denied` */
async function assertAlive(reader: Reader, bot: UserId): Promise<void> {
  const account = await findAccount(reader, bot);
  if (account?.status !== 'active') throw refuse('access-denied', { message: 'The bot is no more' });
}

async function getClient(reader: Reader, bot: UserId): Promise<ClientRow> {
  const [row] = await listClients(reader, bot);
  if (row === undefined) throw refuse('client-not-found');
  return row;
}

function ownedClient(row: ClientRow) {
  return { userId: row.user_id as UserId, clientId: row.id as Parameters<Clients['update']>[1] };
}

function readId(text: string): UserId {
  const id = parseUuid<UserId>(text.trim());
  if (id !== undefined) return id;
  throw refuse('bad-request', { message: 'query.ids: expected UUIDs separated by commas' });
}
