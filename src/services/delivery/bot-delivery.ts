import type { ConversationId, UserId } from '#contract/ids.ts';
import type { BotRow, ServiceRow } from '#storage';
import { removeBot, setEnded } from '../bots/bot-store.ts';
import { targetOf } from '../bots/new-bot.ts';
import { findServiceById } from '../catalogue/service-store.ts';
import type { ServicesNeeds } from '../needs.ts';
import { botEnded, type DeliveryOutcome, delivered, deliveryFailed } from '../telemetry.ts';

/**
 * What a bot's stream comes to. `idle`: everything was taken, or the service is disabled; `failed`: the service has not
 * taken the next event, which is tried again; `gone`: nothing is left of the bot.
 */
export type BotState = 'idle' | 'failed' | 'gone';

export interface BotDeliveryNeeds
  extends Pick<ServicesNeeds, 'storage' | 'accounts' | 'conversations' | 'streams' | 'call'> {
  readonly signal: AbortSignal;
  /** Notes how far a service has taken a bot's stream. False: somebody else delivers to it by now. */
  saveProgress(bot: UserId, position: number): Promise<boolean>;
}

const eventsPerRead = 50;

/** Statuses that say that an event never will be taken. Everything else but success is tried again. */
const unwanted: ReadonlySet<number> = new Set([400, 413, 415, 422]);
const noSuchBot = 410;

/**
 * Brings a bot up to date: ends its account when it has left its conversation, takes it out when its service is no more
 * or has forgotten it, and posts the events of its stream one after the other. An event that the service has taken may
 * come again when this process dies before that was noted; none is left out.
 */
export async function deliverToBot(needs: BotDeliveryNeeds, bot: BotRow): Promise<BotState> {
  const { storage, conversations } = needs;
  const id = bot.id as UserId;
  const service = await findServiceById(storage.reader, bot.service);
  if (service === undefined) return await retire(needs, bot);
  const isIn = await conversations.isMember(bot.conversation as ConversationId, id);
  const hasEnded = bot.ended === 1 || !isIn;
  if (hasEnded && bot.ended === 0) await endAccount(needs, bot);
  if (service.enabled !== 1) return 'idle';
  const state = await postEvents(needs, bot, service);
  if (state === 'gone') return await retire(needs, bot);
  if (state === 'idle' && hasEnded) return await forget(needs, bot);
  return state;
}

async function postEvents(needs: BotDeliveryNeeds, bot: BotRow, service: ServiceRow): Promise<BotState> {
  const id = bot.id as UserId;
  let position = bot.position;
  for (;;) {
    const events = await needs.streams.list(id, position, eventsPerRead);
    if (events.length === 0) return 'idle';
    for (const next of events) {
      const outcome = await post(needs, service, id, next.event);
      if (outcome === 'gone' || outcome === 'failed') return outcome;
      ({ position } = next);
      if (!(await needs.saveProgress(id, position))) return 'idle';
    }
  }
}

async function post(
  { call, signal }: BotDeliveryNeeds,
  service: ServiceRow,
  bot: UserId,
  event: string,
): Promise<DeliveryOutcome> {
  const path = `/bots/${bot}/messages`;
  const answer = await call({ ...targetOf(service), method: 'POST', path, body: event, signal });
  const outcome = answer.reached ? outcomeOf(answer.status) : 'failed';
  if (outcome === 'failed')
    deliveryFailed(bot, service.id, answer.reached ? `status ${answer.status}` : answer.reason);
  else delivered(outcome);
  return outcome;
}

function outcomeOf(status: number): DeliveryOutcome {
  if (status >= 200 && status < 300) return 'taken';
  if (status === noSuchBot) return 'gone';
  return unwanted.has(status) ? 'unwanted' : 'failed';
}

/** Nobody is there any more to be told of the bot's end. */
async function retire(needs: BotDeliveryNeeds, bot: BotRow): Promise<BotState> {
  await needs.conversations.leave(bot.conversation as ConversationId, bot.id as UserId);
  if (bot.ended === 0) await endAccount(needs, bot);
  return await forget(needs, bot);
}

async function endAccount({ storage, accounts }: BotDeliveryNeeds, { id, service }: BotRow): Promise<void> {
  await storage.work(async (work) => {
    await accounts.bots.end(work, id as UserId);
    await setEnded(work, id as UserId);
  });
  botEnded(id, service);
}

async function forget({ storage, streams }: BotDeliveryNeeds, { id }: BotRow): Promise<BotState> {
  await storage.work(async (work) => {
    await streams.remove(work, id as UserId);
    await removeBot(work, id as UserId);
  });
  return 'gone';
}
