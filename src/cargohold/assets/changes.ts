import type { AssetKey, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage, Work } from '#storage';
import type { AssetStore } from '../stores/asset-store.ts';
import { assetsRemoved, removalFailed } from '../telemetry.ts';
import { findAsset, forgetRemoved, markRemoving, setToken } from './asset-rows.ts';
import { newAssetToken } from './retention.ts';

export interface ChangeNeeds {
  readonly storage: Storage;
  readonly store: AssetStore;
  readonly now: () => number;
}

/** Gives one's own asset a new token. @throws Refusal `not-found:asset`, `unauthorised` */
export async function renewToken(needs: ChangeNeeds, user: UserId, key: AssetKey): Promise<string> {
  const token = newAssetToken();
  await changeOwn(needs, user, key, (work) => setToken(work, key, token));
  return token;
}

/** Makes one's own asset public. @throws Refusal `not-found:asset`, `unauthorised` */
export async function deleteToken(needs: ChangeNeeds, user: UserId, key: AssetKey): Promise<void> {
  await changeOwn(needs, user, key, (work) => setToken(work, key, null));
}

/** Deletes one's own asset: nobody can read it any more. @throws Refusal `not-found:asset`, `unauthorised` */
export async function deleteAsset(needs: ChangeNeeds, user: UserId, key: AssetKey): Promise<void> {
  await changeOwn(needs, user, key, (work) => markRemoving(work, [key], needs.now()));
  // The asset is deleted already; bytes that cannot be removed now are the sweep's.
  await removeBytes(needs, [key]).catch(removalFailed);
}

/**
 * Removes the bytes of assets in state `removing`, and what is known of them.
 * @throws what the store says of the first whose bytes could not be removed, when it is done with the others
 */
export async function removeBytes(
  { storage, store }: Pick<ChangeNeeds, 'storage' | 'store'>,
  keys: readonly AssetKey[],
): Promise<void> {
  const outcomes = await Promise.allSettled(keys.map((key) => store.remove(key)));
  const gone = keys.filter((_, index) => outcomes[index]?.status === 'fulfilled');
  if (gone.length > 0) await storage.work((work) => forgetRemoved(work, gone));
  assetsRemoved(gone.length);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function changeOwn(
  { storage, now }: ChangeNeeds,
  user: UserId,
  key: AssetKey,
  change: (work: Work) => Promise<void>,
): Promise<void> {
  await storage.work(async (work) => {
    const asset = await findAsset(work.reader, key, now());
    if (asset === undefined) throw refuse('not-found:asset');
    if (asset.owner !== user) throw refuse('unauthorised');
    await change(work);
  });
}
