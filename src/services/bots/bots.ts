import { randomBytes, randomUUID } from 'node:crypto';
import type { ClientIdsByUser, PrekeysByUser } from '#contract/devices.ts';
import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { CallOptions } from '#contract/federation-caller.ts';
import type {
  BackendDomain,
  ClientId,
  ConversationId,
  ProviderId,
  ServiceId,
  TeamId,
  UserId,
} from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { AuthenticatedBot, AuthenticatedUser } from '#contract/route.ts';
import type { AddBot, NewBotAccount, NewBotResponse, ServiceKeyRef } from '#contract/services.ts';
import type { Reader, ServiceRow, Work } from '#storage';
import { findService, isWhitelisted } from '../catalogue/service-store.ts';
import type { Actor, ServicesNeeds } from '../needs.ts';
import { findBot, insertBot } from './bot-store.ts';
import { askForBot, badGateway } from './new-bot.ts';

export interface AddedBot extends Pick<NewBotAccount, 'id' | 'client' | 'name' | 'accentId' | 'assets'> {
  readonly event: ConversationEvent;
}

/** Putting bots into conversations and taking them out (reference client-api 9.5). */
export interface Bots {
  /**
   * @throws Refusal `no-conversation`, `access-denied`, `invalid-conversation`, `too-many-members`, `invalid-op`,
   * `not-found` for the service, `service-disabled`, `service-not-whitelisted`, `bad-gateway`, `too-many-bots`
   */
  add(
    user: AuthenticatedUser,
    conversation: ConversationId,
    body: AddBot,
    signal: AbortSignal,
  ): Promise<AddedBot>;
  /** Undefined when the bot is not in. @throws Refusal `no-conversation`, `access-denied`, `invalid-conversation` */
  remove(
    user: AuthenticatedUser,
    conversation: ConversationId,
    bot: UserId,
  ): Promise<ConversationEvent | undefined>;
  /** @throws Refusal `invalid-bot` for one that is no more */
  removeSelf(bot: AuthenticatedBot): Promise<void>;
  /**
   * Claims prekeys of users whom a bot names by bare ids: those of its conversation are of whatever backends.
   * @throws Refusal `no-conversation`, `too-many-clients`
   */
  claimPrekeys(bot: AuthenticatedBot, wanted: ClientIdsByUser, options: CallOptions): Promise<PrekeysByUser>;
}

type Needs = Pick<ServicesNeeds, 'ownDomain' | 'storage' | 'accounts' | 'conversations' | 'call'> & {
  /** There is a new bot, whose events are to be delivered. */
  readonly onAdded: (work: Work, bot: UserId) => void;
};

export function createBots(needs: Needs): Bots {
  const { ownDomain, storage, accounts, conversations, call, onAdded } = needs;
  const actorOf = ({ userId, connectionId }: AuthenticatedUser): Actor => ({
    user: { domain: ownDomain, id: userId },
    connectionId,
  });

  async function make(work: Work, bot: NewBotAccount, place: Place): Promise<void> {
    // It may have been disabled or excluded while it was asked.
    await getUsable(work.reader, bot.service, place.team);
    try {
      await accounts.bots.add(work, bot);
    } catch (cause) {
      if (cause instanceof Refusal && cause.key === 'bad-request:prekeys')
        throw badGateway(cause.message, cause);
      throw cause;
    }
    await insertBot(work, { id: bot.id, service: bot.service.id, ...place });
    onAdded(work, bot.id);
  }

  return {
    async add(user, conversation, { provider, service: serviceId, locale }, signal) {
      const actor = actorOf(user);
      const { team, view } = await conversations.getOpen(actor, conversation);
      const ref = { id: serviceId, provider };
      const service = await getUsable(storage.reader, ref, team);
      const origin = await accounts.findUser(user.userId);
      if (origin === undefined) throw refuse('invalid-user');
      const { id, client } = newBotIds();
      const token = accounts.botToken({ userId: id, provider, conversation });
      const wanted = { id, client, origin: origin.view, conversation: view, token };
      const made = await askForBot(call, service, { ...wanted, locale: locale ?? origin.locale }, signal);
      const bot = accountOf(service, made, { id, client, service: ref });
      const event = await conversations.add(actor, conversation, {
        id,
        service: ref,
        make: (work) => make(work, bot, { conversation, team }),
      });
      return { ...bot, event };
    },

    remove: (user, conversation, bot) => conversations.remove(actorOf(user), conversation, bot),

    async removeSelf({ userId }) {
      const bot = await findBot(storage.reader, userId);
      if (bot === undefined || bot.ended === 1) throw refuse('invalid-bot');
      await conversations.leave(bot.conversation as ConversationId, userId);
    },

    async claimPrekeys({ userId, conversation }, wanted, options) {
      const users = await conversations.qualify(conversation, userId, Object.keys(wanted) as UserId[]);
      const byDomain: Record<BackendDomain, ClientIdsByUser> = {};
      for (const { domain, id } of users) byDomain[domain] = { ...byDomain[domain], [id]: wanted[id] ?? [] };
      const { prekeys } = await accounts.claimPrekeys(byDomain, options);
      return Object.assign({}, ...Object.values(prekeys));
    },
  };
}

/** Where a bot is. */
interface Place {
  readonly conversation: ConversationId;
  readonly team: TeamId | null;
}

/** @throws Refusal `not-found`, `service-disabled`, `service-not-whitelisted` */
async function getUsable(
  reader: Reader,
  { id, provider }: { readonly id: ServiceId; readonly provider: ProviderId },
  team: TeamId | null,
): Promise<ServiceRow> {
  const service = await findService(reader, provider, id);
  if (service === undefined) throw refuse('not-found:service');
  if (service.enabled !== 1) throw refuse('service-disabled');
  if (team !== null && !(await isWhitelisted(reader, team, id))) throw refuse('service-not-whitelisted');
  return service;
}

/** Both are chosen before the service is asked: it is told them. */
function newBotIds(): { readonly id: UserId; readonly client: ClientId } {
  const client = randomBytes(8).readBigUInt64BE().toString(16);
  return { id: randomUUID() as string as UserId, client: client as ClientId };
}

const defaultAccentId = 0;

/** What the service says of the bot comes before what it says of itself. */
function accountOf(
  service: ServiceRow,
  made: NewBotResponse,
  ids: { readonly id: UserId; readonly client: ClientId; readonly service: ServiceKeyRef },
): NewBotAccount {
  return {
    ...ids,
    name: made.name ?? service.name,
    accentId: made.accent_id ?? defaultAccentId,
    assets: made.assets ?? (JSON.parse(service.assets) as NewBotAccount['assets']),
    prekeys: [...made.prekeys, made.last_prekey],
  };
}
