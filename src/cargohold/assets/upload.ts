import { createHash } from 'node:crypto';
import type { Asset as AssetAnswer } from '#contract/client/assets.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { StreamedBody } from '#contract/schema.ts';
import type { Storage } from '#storage';
import type { CargoholdSettings } from '../settings.ts';
import type { AssetStore } from '../stores/asset-store.ts';
import { assetUploaded } from '../telemetry.ts';
import { type Asset, addUploading, markRemoving, markStored } from './asset-rows.ts';
import { ByteReader } from './byte-reader.ts';
import { type FileHead, readEnd, readFileHead, readSettings } from './multipart.ts';
import { expiryOf, newAssetKey, newAssetToken } from './retention.ts';
import { mustFit, takeRoom } from './usage.ts';

export interface UploadNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly store: AssetStore;
  readonly settings: Pick<CargoholdSettings, 'maxBytes' | 'quotaBytes'>;
  readonly now: () => number;
}

/** What a body may have beside the file: separators, headers, settings. */
const overheadBytes = 64 * 1024;

/**
 * Takes a file in (reference client-api 7.1). When it is answered the bytes are whole, durable and can be read; a body
 * that is refused, or breaks off, leaves nothing.
 *
 * @throws Refusal `client-error` for a body of another form, `client-error:asset-too-large` before a byte of the file is
 * read, `invalid-length`, `asset-quota-exceeded`, `storage-full`, `storage-unavailable`
 */
export async function upload(
  needs: UploadNeeds,
  owner: UserId,
  { bytes, announced }: StreamedBody,
): Promise<AssetAnswer> {
  const { storage, store, now, settings } = needs;
  if (announced !== undefined && announced > settings.maxBytes + overheadBytes)
    throw tooLarge(announced, settings);
  await using reader = new ByteReader(bytes);
  const { public: isPublic, retention } = await readSettings(reader);
  const head = await readFileHead(reader);
  mustHaveLength(head, settings);
  await mustFit(storage.reader, owner, head.length, settings.quotaBytes);
  const lasting = retention ?? 'persistent';
  const key = newAssetKey(lasting);
  const hash = createHash('md5');
  const counted = hashing(reader.take(head.length, 'the second part'), hash);
  await using received = await store.receive(key, counted, head.length);
  const md5 = hash.digest('hex');
  if (head.md5 !== undefined && head.md5 !== md5)
    throw refuse('client-error', { message: 'content-md5: the bytes have another one' });
  await readEnd(reader);
  const asset: Asset = {
    key,
    owner,
    token: isPublic === true ? null : newAssetToken(),
    size: head.length,
    md5,
    contentType: head.contentType,
    expiresAt: expiryOf(lasting, now()),
  };
  await storage.work(async (work) => {
    await takeRoom(work, owner, asset.size, settings.quotaBytes);
    await addUploading(work, asset, now());
  });
  try {
    await received.publish();
  } catch (error) {
    await storage.work((work) => markRemoving(work, [key], now()));
    throw error;
  }
  const isStored = await storage.work((work) => markStored(work, key, now()));
  if (!isStored) throw refuse('storage-unavailable', { message: 'The upload took too long to be stored' });
  assetUploaded(asset.size);
  return answerOf(asset, needs.ownDomain);
}

function mustHaveLength({ length }: FileHead, settings: UploadNeeds['settings']): void {
  if (length <= 0) throw refuse('invalid-length');
  if (length > settings.maxBytes) throw tooLarge(length, settings);
}

function tooLarge(found: number, { maxBytes }: UploadNeeds['settings']) {
  const message = `Asset too large: ${found} bytes, expected at most ${maxBytes}`;
  return refuse('client-error:asset-too-large', { message });
}

async function* hashing(
  bytes: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

function answerOf({ key, token, expiresAt }: Asset, domain: BackendDomain): AssetAnswer {
  return {
    domain,
    key,
    ...(token === null ? {} : { token }),
    ...(expiresAt === null ? {} : { expires: new Date(expiresAt).toISOString() }),
  };
}
