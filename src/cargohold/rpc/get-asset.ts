import type { getAsset } from '#contract/federation/cargohold.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import { opens } from '../assets/access.ts';
import { findAsset } from '../assets/asset-rows.ts';

interface Needs {
  readonly storage: Storage;
  readonly now: () => number;
}

/** Says whether an asset is there and the token opens it; being its owner's name is nothing (reference 5.5.1). */
export function serveGetAsset({ storage, now }: Needs): RpcHandler<typeof getAsset> {
  return async (_context, { key, token }) => {
    const asset = await findAsset(storage.reader, key, now());
    return { available: asset !== undefined && opens(asset, token ?? null) };
  };
}
