import { claimKeyPackages, claimKeyPackagesV7 } from '#contract/client/key-packages.ts';
import { claimKeyPackages as claimKeyPackagesOf } from '#contract/federation/brig.ts';
import { createUser, openNetwork, type TestUser } from '#testkit';
import { claimOf } from '../key-packages-rig.ts';
import { type FederatedCallRow, type Subject, says } from './play.ts';

interface Rig {
  /** Of the first backend. */
  readonly alice: TestUser;
  /** Of the other one. */
  readonly bob: TestUser;
}

function claiming(route: FederatedCallRow<Rig>['route']): FederatedCallRow<Rig> {
  return {
    route,
    rpc: claimKeyPackagesOf,
    call: ({ alice, bob }) => claimOf(alice, bob, '?ciphersuite=0x1'),
    status: 200,
    whenDown: { status: 521, shows: 'federation-connection-refused' },
  };
}

/** The rows of key packages. */
export const keyPackages: Subject<Rig> = {
  name: 'key-packages',
  rows: [claiming(claimKeyPackagesV7), claiming(claimKeyPackages)],
  script: () => [says(claimKeyPackagesOf, () => ({ key_packages: [] }))],
  async open() {
    const network = await openNetwork({ backends: 2 });
    const [own, other] = [network.backend(0), network.backend(1)];
    const rig = {
      alice: await createUser(own, { name: 'Alice' }),
      bob: await createUser(other, { name: 'Bob' }),
    };
    return { network, other, rig, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
  },
};
