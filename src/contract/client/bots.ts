import { Type } from 'typebox';
import { ClientIdsByUser, Prekey, PrekeyId, PrekeysByUser, PubClient } from '../devices.ts';
import { ConversationEvent } from '../events/conversation.ts';
import { UserAsset, UserProfile } from '../profiles.ts';
import { route } from '../route.ts';
import { ClientIdSchema, ConversationIdSchema, UserIdSchema } from '../schema.ts';
import { AddBot, BotConversationView, BotUserView } from '../services.ts';
import { ClientV6, maxPrekeysPerRequest } from './clients.ts';
import { LegacyMessage, legacyQuery, mismatch } from './messages.ts';

/** Bots: members put them into conversations, and services act for them by a token of each (reference client-api 9.5). */

export const addBot = route('POST', '/conversations/:cnv/bots', {
  about: 'Adds a bot of a service to a conversation of this backend.',
  auth: 'user',
  params: { cnv: ConversationIdSchema },
  body: AddBot,
  answers: {
    201: Type.Object({
      id: UserIdSchema,
      client: ClientIdSchema,
      name: Type.String(),
      accent_id: Type.Integer(),
      assets: Type.Array(UserAsset),
      event: ConversationEvent,
    }),
  },
});

export const removeBot = route('DELETE', '/conversations/:cnv/bots/:bot', {
  about: 'Takes a bot out of a conversation; 204 when there is no such bot.',
  auth: 'user',
  params: { cnv: ConversationIdSchema, bot: UserIdSchema },
  answers: { 200: Type.Object({ event: ConversationEvent }), 204: null },
});

export const getBotSelf = route('GET', '/bot/self', {
  about: 'The bot, as everybody sees it.',
  auth: 'bot',
  answers: { 200: UserProfile },
});

export const deleteBotSelf = route('DELETE', '/bot/self', {
  about: 'The bot leaves its conversation and is no more.',
  auth: 'bot',
  answers: { 200: null },
});

export const getBotConversation = route('GET', '/bot/conversation', {
  about: 'The conversation that the bot is in.',
  auth: 'bot',
  answers: { 200: BotConversationView },
});

export const sendBotMessage = route('POST', '/bot/messages', {
  about:
    "Sends an encrypted message to the clients of the bot's conversation, on whatever backends they are.",
  auth: 'bot',
  query: legacyQuery,
  body: LegacyMessage,
  answers: mismatch,
});

export const getBotClient = route('GET', '/bot/client', {
  about: 'The one client of the bot.',
  auth: 'bot',
  answers: { 200: ClientV6 },
});

export const listBotPrekeys = route('GET', '/bot/client/prekeys', {
  about: 'Ids of the prekeys that the bot has left.',
  auth: 'bot',
  answers: { 200: Type.Array(PrekeyId) },
});

export const addBotPrekeys = route('POST', '/bot/client/prekeys', {
  about: 'Adds prekeys of the bot.',
  auth: 'bot',
  body: Type.Object({ prekeys: Type.Array(Prekey, { maxItems: maxPrekeysPerRequest }) }),
  answers: { 200: null },
});

export const listBotUsers = route('GET', '/bot/users', {
  about: 'Users of this backend, as bots see them.',
  auth: 'bot',
  query: { ids: Type.String({ maxLength: 40_000, description: 'user ids, separated by commas' }) },
  answers: { 200: Type.Array(BotUserView) },
});

export const claimBotUserPrekeys = route('POST', '/bot/users/prekeys', {
  about: 'Claims a prekey of each named client of members of the conversation and users of this backend.',
  auth: 'bot',
  body: ClientIdsByUser,
  answers: { 200: PrekeysByUser },
});

export const listBotUserClients = route('GET', '/bot/users/:uid/clients', {
  about: 'The clients of a user of this backend.',
  auth: 'bot',
  params: { uid: UserIdSchema },
  answers: { 200: Type.Array(PubClient) },
});
