import type { streamAsset } from '#contract/federation/cargohold.ts';
import { refuse } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import { opens } from '../assets/access.ts';
import { findAsset } from '../assets/asset-rows.ts';
import { type DownloadNeeds, openBytes } from '../assets/download.ts';
import { downloadBegun } from '../telemetry.ts';

/** The bytes of an asset for who has its token (reference federation-api 5.5.2). */
export function serveStreamAsset({ storage, store, now }: DownloadNeeds): RpcHandler<typeof streamAsset> {
  return async ({ signal }, { key, token }) => {
    const asset = await findAsset(storage.reader, key, now());
    if (asset === undefined || !opens(asset, token ?? null)) throw refuse('not-found:asset');
    const bytes = await openBytes(store, asset, { signal });
    downloadBegun('to-remote');
    return bytes;
  };
}
