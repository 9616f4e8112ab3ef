import type { Readable } from 'node:stream';
import type { AssetKey, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import type { AssetStore, ByteRange } from '../stores/asset-store.ts';
import { mayRead } from './access.ts';
import { type Asset, findAsset } from './asset-rows.ts';
import { readByteRange } from './byte-range.ts';

export interface DownloadNeeds {
  readonly storage: Storage;
  readonly store: AssetStore;
  readonly now: () => number;
}

/** What a client asks of an asset beside its key. */
export interface AssetConditions {
  readonly token: string | null;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** An own asset that the user may read. @throws Refusal `not-found:asset`, also when the token is wrong */
export async function findReadable(
  { storage, now }: Pick<DownloadNeeds, 'storage' | 'now'>,
  user: UserId,
  key: AssetKey,
  token: string | null,
): Promise<Asset> {
  const asset = await findAsset(storage.reader, key, now());
  if (asset === undefined || !mayRead(asset, user, token)) throw refuse('not-found:asset');
  return asset;
}

/** The bytes of an asset. @throws Refusal `not-found:asset` when it was deleted in the meantime */
export async function openBytes(
  store: AssetStore,
  asset: Asset,
  options: { readonly range?: ByteRange; readonly signal: AbortSignal },
): Promise<Readable> {
  const bytes = await store.open(asset.key, asset.size, options);
  if (bytes === undefined) throw refuse('not-found:asset');
  return bytes;
}

/** Whether the client has these bytes already. */
export function isKnown(asset: Asset, { ifNoneMatch }: AssetConditions): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === etagOf(asset));
}

/** The range that is asked for, unless it is of other bytes than these. */
export function rangeOf(asset: Asset, { range, ifRange }: AssetConditions): ByteRange | undefined {
  if (ifRange !== undefined && ifRange.trim() !== etagOf(asset)) return undefined;
  return readByteRange(range, asset.size);
}

function etagOf({ md5 }: Asset): string {
  return `"${md5}"`;
}

/** The bytes are whatever somebody has uploaded: no browser may show or run them. */
export const guardedHeaders = {
  'content-disposition': 'attachment',
  'content-security-policy': "default-src 'none'; sandbox",
  'cache-control': 'private, no-transform',
} as const;

/** Headers that every answer about an own asset has. */
export function assetHeaders(asset: Asset): Readonly<Record<string, string>> {
  return { ...guardedHeaders, etag: etagOf(asset), 'accept-ranges': 'bytes' };
}

/** Headers of an answer with bytes of it. */
export function bytesHeaders(asset: Asset, range?: ByteRange): Readonly<Record<string, string>> {
  const length = range === undefined ? asset.size : range.end - range.start + 1;
  return {
    ...assetHeaders(asset),
    'content-type': asset.contentType,
    'content-length': String(length),
    ...(range === undefined ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${asset.size}` }),
  };
}
