import { cargoholdRpcs } from '#contract/federation/cargohold.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import { type ServedRpc, serveRpcs } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { RemoteFiles } from './assets/remote-assets.ts';
import { Sweep } from './assets/sweep.ts';
import { assetRoutes, type UserStatus } from './routes/assets.ts';
import { serveGetAsset } from './rpc/get-asset.ts';
import { serveStreamAsset } from './rpc/stream-asset.ts';
import { type CargoholdSettings, defaultCargoholdSettings } from './settings.ts';
import type { AssetStore } from './stores/asset-store.ts';

export type { UserStatus } from './routes/assets.ts';

/** What cargohold needs of others. */
export interface CargoholdNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** Where the bytes are. Whoever opened it closes it. */
  readonly store: AssetStore;
  /** How to reach other backends; undefined when federation is off. */
  readonly federation: RemoteFiles | undefined;
  readonly users: UserStatus;
  readonly settings?: Partial<CargoholdSettings>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

export interface Cargohold extends AsyncDisposable {
  readonly rpcs: readonly ServedRpc[];
  readonly routes: readonly ServedRoute[];
  /** Removes what is due now, as happens by itself from time to time. */
  sweep(): Promise<void>;
}

/** Opens cargohold; what an earlier process has left half done is removed first. */
export async function openCargohold(needs: CargoholdNeeds): Promise<Cargohold> {
  const settings: CargoholdSettings = { ...defaultCargoholdSettings, ...needs.settings };
  const parts = { ...needs, settings, now: needs.now ?? Date.now };
  await using stack = new AsyncDisposableStack();
  const sweep = stack.use(new Sweep(parts));
  await sweep.sweepAtStart();
  const owned = stack.move();
  return {
    rpcs: serveRpcs(cargoholdRpcs, {
      getAsset: serveGetAsset(parts),
      streamAsset: serveStreamAsset(parts),
    }),
    routes: assetRoutes(parts),
    sweep: () => sweep.sweep(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
