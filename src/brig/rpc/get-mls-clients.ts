import type { getMlsClients } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import { getCipherSuite } from '../key-packages/cipher-suites.ts';
import type { OwnKeyPackages } from '../key-packages/own-key-packages.ts';

interface Needs {
  readonly keyPackages: Pick<OwnKeyPackages, 'mlsClientsOf'>;
}

/** Tells remotes which clients of a user can be added to a group, also while MLS is off (reference federation-api 5.2.9). */
export function serveGetMlsClients({ keyPackages }: Needs): RpcHandler<typeof getMlsClients> {
  return async (_context, { user_id: userId, cipher_suite: suite }) => {
    getCipherSuite(suite);
    const clients = await keyPackages.mlsClientsOf([userId], suite);
    return [...(clients.get(userId) ?? [])];
  };
}
