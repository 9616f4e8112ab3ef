import * as client from '#contract/client/key-packages.ts';
import { cipherSuiteOf, defaultCipherSuite } from '#contract/key-packages.ts';
import { handle, type RouteRequest, type ServedRoute } from '#contract/route.ts';
import type { KeyPackages } from '../key-packages/key-packages.ts';

/** MLS key packages (reference client-api 8.2). */
export function keyPackageRoutes(keyPackages: KeyPackages): readonly ServedRoute[] {
  return [
    handle(client.uploadKeyPackages, async ({ user, params, body }) => {
      await keyPackages.upload({ userId: user.userId, clientId: params.client }, body.key_packages);
      return { status: 201 };
    }),
    handle(client.replaceKeyPackagesV7, (request) => replace(keyPackages, request)),
    handle(client.replaceKeyPackages, (request) => replace(keyPackages, request)),
    handle(client.countKeyPackagesV7, (request) => count(keyPackages, request)),
    handle(client.countKeyPackages, (request) => count(keyPackages, request)),
    handle(client.deleteKeyPackagesV7, (request) => remove(keyPackages, request)),
    handle(client.deleteKeyPackages, (request) => remove(keyPackages, request)),
    handle(client.claimKeyPackagesV7, (request) => claim(keyPackages, request)),
    handle(client.claimKeyPackages, (request) => claim(keyPackages, request)),
  ];
}

async function replace(
  keyPackages: KeyPackages,
  { user, params, query, body }: RouteRequest<typeof client.replaceKeyPackagesV7>,
) {
  const suites = query.ciphersuites?.split(',').map(cipherSuiteOf) ?? [defaultCipherSuite];
  await keyPackages.replace({ userId: user.userId, clientId: params.client }, suites, body.key_packages);
  return { status: 201 as const };
}

async function count(
  keyPackages: KeyPackages,
  { user, params, query }: RouteRequest<typeof client.countKeyPackagesV7>,
) {
  const owned = { userId: user.userId, clientId: params.client };
  return { status: 200 as const, body: { count: await keyPackages.count(owned, suiteOf(query)) } };
}

async function remove(
  keyPackages: KeyPackages,
  { user, params, query, body }: RouteRequest<typeof client.deleteKeyPackagesV7>,
) {
  const owned = { userId: user.userId, clientId: params.client };
  await keyPackages.remove(owned, suiteOf(query), body.key_packages);
  return { status: 201 as const };
}

/** Which client claims, the token says; a client that the query names is not looked at. */
async function claim(keyPackages: KeyPackages, request: RouteRequest<typeof client.claimKeyPackagesV7>) {
  const { user, params, query } = request;
  const target = { domain: params.domain, id: params.uid };
  return { status: 200 as const, body: await keyPackages.claim(user, target, suiteOf(query), request) };
}

function suiteOf({ ciphersuite }: { readonly ciphersuite?: string }): number {
  return ciphersuite === undefined ? defaultCipherSuite : cipherSuiteOf(ciphersuite);
}
