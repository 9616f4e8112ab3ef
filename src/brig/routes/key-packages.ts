import * as client from '#contract/client/key-packages.ts';
import { cipherSuiteOf, defaultCipherSuite } from '#contract/key-packages.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { KeyPackages } from '../key-packages/key-packages.ts';

/** MLS key packages (reference client-api 8.2). */
export function keyPackageRoutes(keyPackages: KeyPackages): readonly ServedRoute[] {
  return [...ownRoutes(keyPackages), claimRoute(keyPackages)];
}

function ownRoutes(keyPackages: KeyPackages): readonly ServedRoute[] {
  return [
    handle(client.uploadKeyPackages, async ({ user, params, body }) => {
      await keyPackages.upload({ userId: user.userId, clientId: params.client }, body.key_packages);
      return { status: 201 };
    }),
    handle(client.replaceKeyPackages, async ({ user, params, query, body }) => {
      const suites = query.ciphersuites?.split(',').map(cipherSuiteOf) ?? [defaultCipherSuite];
      await keyPackages.replace({ userId: user.userId, clientId: params.client }, suites, body.key_packages);
      return { status: 201 };
    }),
    handle(client.countKeyPackages, async ({ user, params, query }) => {
      const owned = { userId: user.userId, clientId: params.client };
      return { status: 200, body: { count: await keyPackages.count(owned, suiteOf(query)) } };
    }),
    handle(client.deleteKeyPackages, async ({ user, params, query, body }) => {
      const owned = { userId: user.userId, clientId: params.client };
      await keyPackages.remove(owned, suiteOf(query), body.key_packages);
      return { status: 201 };
    }),
  ];
}

/** Which client claims, the token says; a client that the query names is not looked at. */
function claimRoute(keyPackages: KeyPackages): ServedRoute {
  return handle(client.claimKeyPackages, async (request) => {
    const { user, params, query } = request;
    const target = { domain: params.domain, id: params.uid };
    return { status: 200, body: await keyPackages.claim(user, target, suiteOf(query), request) };
  });
}

function suiteOf({ ciphersuite }: { readonly ciphersuite?: string }): number {
  return ciphersuite === undefined ? defaultCipherSuite : cipherSuiteOf(ciphersuite);
}
