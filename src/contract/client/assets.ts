import { Type } from 'typebox';
import { route } from '../route.ts';
import { AssetKeySchema, Domain, Nullable, StreamedBodyOf, StreamedBytes, UtcMillis } from '../schema.ts';

/** Files: kept whole on the backend of who uploads them, read by whoever knows key and token (reference client-api 7). */

export const assetRetentions = [
  'eternal',
  'persistent',
  'volatile',
  'eternal-infrequent_access',
  'expiring',
] as const;
export type AssetRetention = (typeof assetRetentions)[number];

/** How long an asset lives. */
export const AssetRetention = Type.Unsafe<AssetRetention>(
  Type.Union(assetRetentions.map((name) => Type.Literal(name))),
);

/** The first part of an upload. */
export const AssetSettings = Type.Object({
  public: Type.Optional(Nullable(Type.Boolean())),
  retention: Type.Optional(Nullable(AssetRetention)),
});
export type AssetSettings = Type.Static<typeof AssetSettings>;

export const assetTokenPattern = '^[A-Za-z0-9_=-]+$';
export const AssetToken = Type.String({ pattern: assetTokenPattern, description: 'URL-safe base64' });

export const Asset = Type.Object({
  domain: Domain,
  key: AssetKeySchema,
  /** Only of an asset that is not public. */
  token: Type.Optional(AssetToken),
  /** Only of a retention that ends. */
  expires: Type.Optional(UtcMillis),
});
export type Asset = Type.Static<typeof Asset>;

export const NewAssetToken = Type.Object({ token: AssetToken });

const user = 'user' as const;
/** The paths before version 2 say the version of the asset API in the path. */
const legacy = [0, 2] as const;
const versioned = [2] as const;
const ownKey = { key: AssetKeySchema };
const qualifiedKey = { domain: Domain, key: AssetKeySchema };

const upload = {
  limit: 'upload',
  about: 'Uploads a file: settings and bytes, in this order, as multipart/mixed.',
  auth: user,
  body: StreamedBodyOf('multipart/mixed'),
  answers: { 201: Asset },
} as const;

export const uploadAsset = route('POST', '/assets', { ...upload, versions: versioned });
export const uploadAssetV3 = route('POST', '/assets/v3', { ...upload, versions: legacy });

const access = {
  auth: user,
  headers: ['asset-token', 'range', 'if-range', 'if-none-match'],
  query: { asset_token: Type.Optional(Type.String()) },
} as const;
const download = {
  ...access,
  about: 'The bytes of a file, here or on another backend, for who has its token.',
  answers: { 200: StreamedBytes, 206: StreamedBytes, 304: null },
} as const;
const head = {
  ...access,
  about: 'What is known of a file, without its bytes.',
  answers: { 200: null, 304: null },
} as const;

export const getAsset = route('GET', '/assets/:domain/:key', {
  ...download,
  params: qualifiedKey,
  versions: versioned,
});
export const getAssetV4 = route('GET', '/assets/v4/:domain/:key', {
  ...download,
  params: qualifiedKey,
  versions: legacy,
});
export const getAssetV3 = route('GET', '/assets/v3/:key', { ...download, params: ownKey, versions: legacy });
export const headAsset = route('HEAD', '/assets/:domain/:key', {
  ...head,
  params: qualifiedKey,
  versions: versioned,
});
export const headAssetV4 = route('HEAD', '/assets/v4/:domain/:key', {
  ...head,
  params: qualifiedKey,
  versions: legacy,
});
export const headAssetV3 = route('HEAD', '/assets/v3/:key', { ...head, params: ownKey, versions: legacy });

const removal = { about: "Deletes one's own file.", auth: user, answers: { 200: null } } as const;

export const deleteAsset = route('DELETE', '/assets/:domain/:key', {
  ...removal,
  params: qualifiedKey,
  versions: versioned,
});
export const deleteAssetV4 = route('DELETE', '/assets/v4/:domain/:key', {
  ...removal,
  params: qualifiedKey,
  versions: legacy,
});
export const deleteAssetV3 = route('DELETE', '/assets/v3/:key', {
  ...removal,
  params: ownKey,
  versions: legacy,
});

const renewal = {
  about: "Gives one's own file a new token; the old one is no longer good.",
  auth: user,
  params: ownKey,
  answers: { 200: NewAssetToken },
} as const;

export const renewAssetToken = route('POST', '/assets/:key/token', { ...renewal, versions: versioned });
export const renewAssetTokenV3 = route('POST', '/assets/v3/:key/token', { ...renewal, versions: legacy });

const tokenRemoval = {
  about: "Makes one's own file public.",
  auth: user,
  params: ownKey,
  answers: { 200: null },
} as const;

export const deleteAssetToken = route('DELETE', '/assets/:key/token', {
  ...tokenRemoval,
  versions: versioned,
});
export const deleteAssetTokenV3 = route('DELETE', '/assets/v3/:key/token', {
  ...tokenRemoval,
  versions: legacy,
});

/** Bots and providers have files as users do, on this backend alone. */
const bot = 'bot' as const;
const provider = 'provider' as const;

export const uploadBotAsset = route('POST', '/bot/assets', { ...upload, auth: bot });
export const getBotAsset = route('GET', '/bot/assets/:key', { ...download, auth: bot, params: ownKey });
export const deleteBotAsset = route('DELETE', '/bot/assets/:key', { ...removal, auth: bot, params: ownKey });

export const uploadProviderAsset = route('POST', '/provider/assets', { ...upload, auth: provider });
export const getProviderAsset = route('GET', '/provider/assets/:key', {
  ...download,
  auth: provider,
  params: ownKey,
});
export const deleteProviderAsset = route('DELETE', '/provider/assets/:key', {
  ...removal,
  auth: provider,
  params: ownKey,
});
