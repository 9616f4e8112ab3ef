import type { ClientsByUser } from '#contract/devices.ts';
import type { getUserClients } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { ClientDirectory } from '../clients/client-directory.ts';

interface Needs {
  readonly directory: ClientDirectory;
}

/**
 * Tells remotes which clients users have, whoever asks (reference federation-api 5.2.8). Every id that was asked for is
 * in the answer.
 */
export function serveGetUserClients({ directory }: Needs): RpcHandler<typeof getUserClients> {
  return async (_context, { users }) => {
    const clients = await directory.clientsOf(users);
    const answer: ClientsByUser = Object.fromEntries(
      [...clients].map(([userId, list]) => [userId, [...list]]),
    );
    return answer;
  };
}
