import { setImmediate as nextTurn } from 'node:timers/promises';
import { claimKeyPackages } from '#contract/federation/brig.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { ClaimedKeyPackage, KeyPackageBundle } from '#contract/key-packages.ts';
import { refuse } from '#contract/refusal.ts';
import { unexpected } from '../users/remote-users.ts';
import { assertValid, readKeyPackage, referenceOf } from './key-package-rules.ts';
import type { LifetimeRule } from './key-package-store.ts';

export interface RemoteClaim {
  readonly domain: BackendDomain;
  readonly claimant: UserId;
  readonly target: UserId;
  readonly suite: number;
}

/** Far more clients than a user may have anywhere: a remote cannot make us check signatures without end. */
const maxClients = 256;

/**
 * Claims key packages at the backend of their user. What it gives is checked like what own clients upload, except that
 * nobody here knows the keys that its clients have registered (reference federation-api 5.2.11).
 * @throws Refusal as `FederationCaller.call`; `invalid-user` when MLS is off there; `federation-unexpected-body` when
 * the answer is about somebody else; `decoding-error`, `mls-protocol-error`, `invalid-reference`.
 */
export async function claimRemoteKeyPackages(
  federation: FederationCaller,
  { domain, claimant, target, suite }: RemoteClaim,
  rule: LifetimeRule,
  options: CallOptions,
): Promise<KeyPackageBundle> {
  const told = await federation.call(
    domain,
    claimKeyPackages,
    { claimant, target, cipher_suite: suite },
    options,
  );
  if (told === null) {
    throw refuse('invalid-user', {
      message: `${domain} gives no key packages of this user: MLS is off there`,
    });
  }
  if (told.key_packages.length > maxClients) {
    throw unexpected(domain, claimKeyPackages, `${told.key_packages.length} clients of one user`);
  }
  const seen = new Set<ClientId>();
  for (const entry of told.key_packages) {
    const { user, client } = entry;
    if (user !== target || entry.domain !== domain) {
      throw unexpected(domain, claimKeyPackages, `a key package of ${user}@${entry.domain}`);
    }
    if (seen.has(client)) {
      throw unexpected(domain, claimKeyPackages, `two key packages of the client ${client}`);
    }
    seen.add(client);
    assertTold(entry, rule);
    // Each costs signatures: a long answer must not hold up everybody else.
    await nextTurn();
  }
  return { key_packages: told.key_packages.map(asTold) };
}

function assertTold(
  { domain, user, client, key_package, key_package_ref }: ClaimedKeyPackage,
  rule: LifetimeRule,
) {
  const keyPackage = readKeyPackage(key_package, (problem) =>
    refuse('decoding-error', { message: `${domain} gave a key package that cannot be read: ${problem}` }),
  );
  assertValid(keyPackage, { user, client, domain }, rule);
  if (referenceOf(keyPackage) !== key_package_ref) {
    throw refuse('invalid-reference', {
      message: `${domain} gave a key package of the client ${client} under the reference of another`,
    });
  }
}

/** The members of the contract and no others. */
function asTold({
  user,
  domain,
  client,
  key_package_ref,
  key_package,
}: ClaimedKeyPackage): ClaimedKeyPackage {
  return { user, domain, client, key_package_ref, key_package };
}
