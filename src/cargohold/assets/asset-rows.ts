import type { AssetKey, UserId } from '#contract/ids.ts';
import { type AssetRow, hotQuery, type Reader, type Work } from '#storage';
import { giveBack } from './usage.ts';

/**
 * The rows of assets. An asset begins as `uploading` when its bytes are whole but not in their place yet, becomes
 * `stored` when they are, and `removing` when it is deleted, has expired, or its upload has died; then its bytes are
 * removed, and at last its row. Whatever dies in between leaves a row that tells the sweep what is to do.
 */

/** An asset that can be read. */
export interface Asset {
  readonly key: AssetKey;
  readonly owner: UserId;
  /** Null: public. */
  readonly token: string | null;
  /** Bytes. */
  readonly size: number;
  /** Hex digits. */
  readonly md5: string;
  readonly contentType: string;
  /** Unix milliseconds; null: never. */
  readonly expiresAt: number | null;
}

const selectStored = hotQuery((reader, key: AssetKey) =>
  reader.selectFrom('asset').selectAll().where('key', '=', key).where('state', '=', 'stored'),
);

/** The asset of a key, if it can be read at this time. */
export async function findAsset(reader: Reader, key: AssetKey, now: number): Promise<Asset | undefined> {
  const [row] = await selectStored(reader, key);
  if (row === undefined) return undefined;
  const asset = toAsset(row);
  return asset.expiresAt === null || asset.expiresAt > now ? asset : undefined;
}

function toAsset(row: AssetRow): Asset {
  return {
    key: row.key as AssetKey,
    owner: row.owner as UserId,
    token: row.token,
    size: Number(row.size),
    md5: row.md5,
    contentType: row.content_type,
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
  };
}

/** Room for it was taken before. */
export async function addUploading(work: Work, asset: Asset, now: number): Promise<void> {
  const { key, owner, token, size, md5, contentType, expiresAt } = asset;
  await work.db
    .insertInto('asset')
    .values({
      key,
      owner,
      token,
      size,
      md5,
      content_type: contentType,
      state: 'uploading',
      changed_at: now,
      expires_at: expiresAt,
    })
    .execute();
}

/** False: the upload took so long that the sweep has taken it for dead. */
export async function markStored(work: Work, key: AssetKey, now: number): Promise<boolean> {
  const { numUpdatedRows } = await work.db
    .updateTable('asset')
    .set({ state: 'stored', changed_at: now })
    .where('key', '=', key)
    .where('state', '=', 'uploading')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function setToken(work: Work, key: AssetKey, token: string | null): Promise<void> {
  await work.db.updateTable('asset').set({ token }).where('key', '=', key).execute();
}

/** Nobody can read them any more, and their owners have the room again. */
export async function markRemoving(work: Work, keys: readonly AssetKey[], now: number): Promise<void> {
  const going = await work.db
    .updateTable('asset')
    .set({ state: 'removing', changed_at: now })
    .where('key', 'in', keys)
    .where('state', '!=', 'removing')
    .returning(['owner', 'size'])
    .execute();
  for (const { owner, size } of going) await giveBack(work, owner as UserId, Number(size));
}

/** The bytes are gone: nothing is known any more. */
export async function forgetRemoved(work: Work, keys: readonly AssetKey[]): Promise<void> {
  await work.db.deleteFrom('asset').where('key', 'in', keys).where('state', '=', 'removing').execute();
}

export async function listExpired(reader: Reader, now: number, limit: number): Promise<readonly AssetKey[]> {
  const rows = await reader
    .selectFrom('asset')
    .select('key')
    .where('expires_at', '<=', now)
    .where('state', '=', 'stored')
    .limit(limit)
    .execute();
  return rows.map(({ key }) => key as AssetKey);
}

/** Assets that came into a state before a time. */
export async function listInState(
  reader: Reader,
  state: 'uploading' | 'removing',
  before: number,
  limit: number,
): Promise<readonly AssetKey[]> {
  const rows = await reader
    .selectFrom('asset')
    .select('key')
    .where('state', '=', state)
    .where('changed_at', '<', before)
    .orderBy('changed_at')
    .limit(limit)
    .execute();
  return rows.map(({ key }) => key as AssetKey);
}
