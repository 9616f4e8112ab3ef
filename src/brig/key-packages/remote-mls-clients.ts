import { getMlsClients } from '#contract/federation/brig.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { MlsClient } from '#contract/key-packages.ts';
import { mapAtMost } from '../users/user-lookup.ts';
import type { MlsClientsOfUsers } from './own-key-packages.ts';

/** Which clients users of other backends have, and which of them can be added to a group. */
export interface RemoteMlsClients {
  /**
   * The clients of each of the remote's users. One call for each user: the RPC takes no more.
   * @throws Refusal as `FederationCaller.call`.
   */
  mlsClientsOf(
    domain: BackendDomain,
    users: readonly UserId[],
    suite: number,
    options?: Pick<CallOptions, 'requestId'>,
  ): Promise<MlsClientsOfUsers>;
}

/** Calls to one remote that are under way for one commit. */
const usersAtOnce = 16;

export function createRemoteMlsClients(federation: FederationCaller): RemoteMlsClients {
  return {
    async mlsClientsOf(domain, users, suite, options) {
      const answers = await mapAtMost(usersAtOnce, [...new Set(users)], async (userId) => {
        const question = { user_id: userId, cipher_suite: suite };
        const told = await federation.call(domain, getMlsClients, question, options);
        // A client that is told twice is one.
        const byId = new Map<ClientId, MlsClient>(told.map(({ id, mls }) => [id, { id, mls }]));
        return [userId, [...byId.values()]] as const;
      });
      return new Map(answers);
    },
  };
}
