import { randomBytes, randomUUID } from 'node:crypto';
import { type AssetRetention, assetRetentions } from '#contract/client/assets.ts';
import type { AssetKey } from '#contract/ids.ts';

const dayMs = 86_400_000;

/** How long an asset lives, in milliseconds; one that is not here lives for ever (reference client-api 7.1). */
const lives: Readonly<Partial<Record<AssetRetention, number>>> = {
  volatile: 28 * dayMs,
  expiring: 365 * dayMs,
};

/** When an asset of a retention ends, in Unix milliseconds; null: never. */
export function expiryOf(retention: AssetRetention, now: number): number | null {
  const life = lives[retention];
  return life === undefined ? null : now + life;
}

/** A key that nobody can guess. The retention is told in it. */
export function newAssetKey(retention: AssetRetention): AssetKey {
  return `3-${assetRetentions.indexOf(retention) + 1}-${randomUUID()}` as AssetKey;
}

/** 16 random bytes, as URL-safe base64 with its padding. */
export function newAssetToken(): string {
  return randomBytes(16).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
