import { randomUUID } from 'node:crypto';
import * as client from '#contract/client/assets.ts';
import { getAsset, streamAsset } from '#contract/federation/cargohold.ts';
import { createUser, openNetwork, type TestUser } from '#testkit';
import { ask, type FederatedCallRow, type Subject, says } from './play.ts';

/* Alice is on A; the file is there only in what the recorder says in place of B. */

interface Rig {
  readonly alice: TestUser;
  readonly file: { readonly domain: string; readonly key: string };
}

function downloading(route: FederatedCallRow<Rig>['route']): readonly FederatedCallRow<Rig>[] {
  return [getAsset, streamAsset].map((rpc) => ({
    route,
    rpc,
    call: ({ alice, file }) => ask(alice, route, file),
    status: 200,
    whenDown: { status: 521, shows: 'federation-connection-refused' },
  }));
}

/** The rows of files. */
export const assets: Subject<Rig> = {
  name: 'assets',
  rows: [...downloading(client.getAssetV4), ...downloading(client.getAsset)],
  script: () => [
    says(getAsset, () => ({ available: true })),
    says(streamAsset, () => Buffer.from('a picture')),
  ],
  async open() {
    const network = await openNetwork({ backends: 2 });
    const [own, other] = [network.backend(0), network.backend(1)];
    const rig = {
      alice: await createUser(own, { name: 'Alice' }),
      file: { domain: other.domain, key: `3-2-${randomUUID()}` },
    };
    return { network, other, rig, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
  },
};
