import { after, before, describe, it } from 'node:test';
import { claimKeyPackages } from '#contract/federation/brig.ts';
import { createUser, openNetwork, type RemoteBackend, type TestNetwork, type TestUser } from '#testkit';
import { type FederatedCall, recorder, rowName, says, seeArriving, seeDown } from './fedcalls-rig.ts';
import { claimOf } from './key-packages-rig.ts';

/* The row of key packages: Alice is on A; B is killed, and a recorder answers in its place. */

interface Rig {
  readonly alice: TestUser;
  readonly bob: TestUser;
}

const row: FederatedCall<Rig> = {
  route: 'post /mls/key-packages/claim/{user_domain}/{user}',
  rpc: claimKeyPackages,
  call: ({ alice, bob }) => claimOf(alice, bob, '?ciphersuite=0x1'),
  status: 200,
  whenDown: { status: 521, shows: 'federation-connection-refused' },
  isQueued: false,
};

describe('the federated call of key packages', () => {
  let network: TestNetwork;
  let rig: Rig;
  let remote: RemoteBackend;

  before(async () => {
    network = await openNetwork({ backends: 2 });
    const [a, b] = [network.backend(0), network.backend(1)];
    rig = { alice: await createUser(a, { name: 'Alice' }), bob: await createUser(b, { name: 'Bob' }) };
    await network.kill(b);
    remote = await recorder(network, b, [says(claimKeyPackages, () => ({ key_packages: [] }))]);
  });
  after(() => network[Symbol.asyncDispose]());

  it(rowName(row), () => seeArriving(rig, remote, row));

  it(`${rowName(row)}, and fails while the remote is down`, async () => {
    await remote[Symbol.asyncDispose]();
    await seeDown(rig, row);
  });
});
