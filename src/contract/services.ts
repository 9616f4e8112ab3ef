import { Type } from 'typebox';
import { AccentId, Locale, UserName } from './client/registration.ts';
import { OtherMember } from './conversations.ts';
import { lastResortPrekeyId, Prekey } from './devices.ts';
import type { ClientId, UserId } from './ids.ts';
import { UserAsset, type UserProfile } from './profiles.ts';
import {
  ClientIdSchema,
  ConversationIdSchema,
  HandleSchema,
  Nullable,
  ProviderIdSchema,
  ServiceIdSchema,
  TeamIdSchema,
  UserIdSchema,
} from './schema.ts';

/** Services: programs of others that take part in conversations as bots (reference client-api 9.5). */

/** A service and who provides it. */
export const ServiceKeyRef = Type.Object({ id: ServiceIdSchema, provider: ProviderIdSchema });
export type ServiceKeyRef = Type.Static<typeof ServiceKeyRef>;

export const HttpsUrl = Type.String({ pattern: '^https://[^\\s]+$', maxLength: 2048 });

/** Words that services are found by. */
export const ServiceTag = Type.Enum([
  'audio',
  'books',
  'business',
  'design',
  'education',
  'entertainment',
  'finance',
  'fitness',
  'food-drink',
  'games',
  'graphics',
  'health',
  'integration',
  'lifestyle',
  'media',
  'medical',
  'movies',
  'music',
  'news',
  'photography',
  'poll',
  'productivity',
  'quiz',
  'rating',
  'shopping',
  'social',
  'sports',
  'travel',
  'tutorial',
  'video',
  'weather',
]);
export type ServiceTag = Type.Static<typeof ServiceTag>;

/** A user as bots see it. */
export const BotUserView = Type.Object({
  id: UserIdSchema,
  name: Type.String(),
  accent_id: Type.Integer(),
  handle: Type.Optional(HandleSchema),
  team: Type.Optional(TeamIdSchema),
});
export type BotUserView = Type.Static<typeof BotUserView>;

/** A conversation as the bots in it see it. */
export const BotConversationView = Type.Object({
  id: ConversationIdSchema,
  name: Type.Optional(Type.String()),
  members: Type.Array(OtherMember),
});
export type BotConversationView = Type.Static<typeof BotConversationView>;

/** What a service is asked for: to be a bot in a conversation. */
export const NewBotRequest = Type.Object({
  id: UserIdSchema,
  client: ClientIdSchema,
  /** Who wants it. */
  origin: BotUserView,
  conversation: BotConversationView,
  /** With it the service calls for this bot. */
  token: Type.String(),
  locale: Type.String(),
});
export type NewBotRequest = Type.Static<typeof NewBotRequest>;

/** A service's bot: its keys, and what is to be another than with the service itself. */
export const NewBotResponse = Type.Object({
  prekeys: Type.Array(Prekey, { maxItems: 2_000 }),
  last_prekey: Type.Object({ id: Type.Literal(lastResortPrekeyId), key: Type.String() }),
  name: Type.Optional(Nullable(UserName)),
  accent_id: Type.Optional(Nullable(AccentId)),
  assets: Type.Optional(Nullable(Type.Array(UserAsset, { maxItems: 20 }))),
});
export type NewBotResponse = Type.Static<typeof NewBotResponse>;

/** The account that a bot gets. */
export interface NewBotAccount {
  readonly id: UserId;
  readonly client: ClientId;
  readonly service: ServiceKeyRef;
  readonly name: string;
  readonly accentId: number;
  readonly assets: NonNullable<UserProfile['assets']>;
  /** The last-resort one among them. */
  readonly prekeys: readonly Prekey[];
}

export const AddBot = Type.Object({
  provider: ProviderIdSchema,
  service: ServiceIdSchema,
  locale: Type.Optional(Nullable(Locale)),
});
export type AddBot = Type.Static<typeof AddBot>;
