import * as client from '#contract/client/prekeys.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Asker, PrekeyClaims } from '../prekeys/prekey-claims.ts';
import type { OwnedClient } from '../prekeys/prekey-store.ts';

export interface PrekeyRouteNeeds {
  readonly ownDomain: BackendDomain;
  readonly prekeys: PrekeyClaims;
}

/** Claims of prekeys (reference client-api 3.6). */
export function prekeyRoutes(needs: PrekeyRouteNeeds): readonly ServedRoute[] {
  return [...singleRoutes(needs), ...listRoutes(needs)];
}

function singleRoutes({ ownDomain, prekeys }: PrekeyRouteNeeds): readonly ServedRoute[] {
  async function claim(domain: BackendDomain, owned: OwnedClient, asker: Asker) {
    const claimed = await prekeys.claim(domain, owned, asker);
    if (claimed === undefined) throw refuse('not-found:prekey');
    return claimed;
  }

  return [
    handle(client.claimClientPrekey, async (request) => {
      const { domain, uid: userId, client: clientId } = request.params;
      return { status: 200, body: await claim(domain, { userId, clientId }, request) };
    }),
    handle(client.claimOwnDomainClientPrekey, async (request) => {
      const { uid: userId, client: clientId } = request.params;
      return { status: 200, body: await claim(ownDomain, { userId, clientId }, request) };
    }),
    handle(client.claimUserPrekeys, async (request) => {
      const { domain, uid } = request.params;
      return { status: 200, body: await prekeys.claimAll(domain, uid, request) };
    }),
    handle(client.claimOwnDomainUserPrekeys, async (request) => ({
      status: 200,
      body: await prekeys.claimAll(ownDomain, request.params.uid, request),
    })),
  ];
}

function listRoutes({ ownDomain, prekeys }: PrekeyRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.claimPrekeys, async (request) => {
      const { prekeys: claimed, failed } = await prekeys.claimMany(request.body, request);
      const users = failed.flatMap((failure) => failure.users);
      return {
        status: 200,
        body: {
          qualified_user_client_prekeys: claimed,
          ...(users.length === 0 ? {} : { failed_to_list: users }),
        },
      };
    }),
    handle(client.claimPrekeysOrFail, async (request) => {
      const {
        prekeys: claimed,
        failed: [failure],
      } = await prekeys.claimMany(request.body, request);
      if (failure !== undefined) throw failure.cause;
      return { status: 200, body: claimed };
    }),
    handle(client.claimOwnDomainPrekeys, async (request) => {
      const { prekeys: claimed } = await prekeys.claimMany({ [ownDomain]: request.body }, request);
      return { status: 200, body: claimed[ownDomain] ?? {} };
    }),
  ];
}
