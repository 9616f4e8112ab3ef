import type { UserId } from '#contract/ids.ts';
import { sameSecret } from '#contract/secrets.ts';
import type { Asset } from './asset-rows.ts';

/**
 * Whether a token opens an asset: it is the asset's own, or the asset is public and none is given (reference client-api
 * 7.2). Takes the same time for every wrong token.
 */
export function opens(asset: Pick<Asset, 'token'>, token: string | null): boolean {
  if (asset.token === null || token === null) return asset.token === token;
  return sameSecret(token, asset.token);
}

/** Whether an own user may read: the owner always may. */
export function mayRead(asset: Pick<Asset, 'token' | 'owner'>, user: UserId, token: string | null): boolean {
  return asset.owner === user || opens(asset, token);
}
