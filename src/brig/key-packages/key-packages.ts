import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, Qualified, UserId } from '#contract/ids.ts';
import type { KeyPackageBundle } from '#contract/key-packages.ts';
import { refuse } from '#contract/refusal.ts';
import type { KeyPackage } from '#mls';
import type { KeyPackageRow, Storage } from '#storage';
import { mlsPublicKeysOf } from '../clients/client-form.ts';
import { lockClient } from '../clients/client-store.ts';
import type { LegalholdGuard } from '../legalhold/legalhold-guard.ts';
import type { OwnedClient } from '../prekeys/prekey-store.ts';
import { getCipherSuite } from './cipher-suites.ts';
import {
  assertRegisteredKey,
  assertValid,
  lifetimeOf,
  readKeyPackage,
  referenceOf,
} from './key-package-rules.ts';
import {
  type LifetimeRule,
  putKeyPackages,
  removeByReference,
  removeKeyPackages,
} from './key-package-store.ts';
import type { OwnKeyPackages } from './own-key-packages.ts';
import { claimRemoteKeyPackages } from './remote-claims.ts';

export interface KeyPackagesNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly federation: FederationCaller;
  readonly own: OwnKeyPackages;
  readonly enabled: boolean;
  /** Which lifetimes hold now. */
  readonly lifetimes: () => LifetimeRule;
  readonly legalhold: LegalholdGuard;
}

/** Key packages as clients ask for them (reference client-api 8.2). Every method refuses `mls-not-enabled`. */
export interface KeyPackages {
  /** Adds all of them, or none. @throws Refusal `bad-request`, `mls-protocol-error`. */
  upload(client: OwnedClient, given: readonly string[]): Promise<void>;
  /**
   * Removes all of the suites, then uploads. Suites stay empty when one of the new ones is not valid, as they do on
   * wire-server.
   * @throws Refusal as `upload`.
   */
  replace(client: OwnedClient, suites: readonly number[], given: readonly string[]): Promise<void>;
  count(client: OwnedClient, suite: number): Promise<number>;
  remove(client: OwnedClient, suite: number, refs: readonly string[]): Promise<void>;
  /**
   * Claims one of each client of a user of any backend; of the claimant's own not that of the client that claims.
   * @throws Refusal as `claimRemoteKeyPackages`; `missing-legalhold-consent`.
   */
  claim(
    claimant: Claimant,
    target: Qualified<UserId>,
    suite: number,
    options: CallOptions,
  ): Promise<KeyPackageBundle>;
}

export interface Claimant {
  readonly userId: UserId;
  /** Undefined when the token belongs to no client. */
  readonly clientId: ClientId | undefined;
}

export function createKeyPackages(needs: KeyPackagesNeeds): KeyPackages {
  const { ownDomain, storage, federation, own, lifetimes } = needs;

  function assertEnabled(): void {
    if (!needs.enabled) throw refuse('mls-not-enabled');
  }

  async function add({ userId, clientId }: OwnedClient, read: readonly KeyPackage[]): Promise<void> {
    const rule = lifetimes();
    const identity = { user: userId, client: clientId, domain: ownDomain };
    for (const keyPackage of read) {
      assertValid(keyPackage, identity, rule);
      // Each costs signatures: a large upload must not hold up everybody else.
      await nextTurn();
    }
    if (read.length === 0) return;
    const rows = read.map((keyPackage) => rowOf({ userId, clientId }, keyPackage));
    await storage.work(async (work) => {
      const client = await lockClient(work, userId, clientId);
      const registered = client === undefined ? {} : mlsPublicKeysOf(client);
      for (const keyPackage of read) assertRegisteredKey(keyPackage, registered);
      await putKeyPackages(work, rows);
    });
  }

  return {
    async upload(client, given) {
      assertEnabled();
      await add(client, readAll(given));
    },

    async replace(client, suites, given) {
      assertEnabled();
      for (const suite of suites) getCipherSuite(suite);
      const read = readAll(given);
      await storage.work((work) => removeKeyPackages(work, client.userId, [client.clientId], suites));
      await add(client, read);
    },

    async count({ userId, clientId }, suite) {
      assertEnabled();
      getCipherSuite(suite);
      return await own.count(userId, clientId, suite);
    },

    async remove(client, suite, refs) {
      assertEnabled();
      getCipherSuite(suite);
      await storage.work((work) => removeByReference(work, client, suite, refs));
    },

    async claim({ userId, clientId }, target, suite, options) {
      assertEnabled();
      getCipherSuite(suite);
      if (target.domain !== ownDomain) {
        const asked = { domain: target.domain, claimant: userId, target: target.id, suite };
        return await claimRemoteKeyPackages(federation, asked, lifetimes(), options);
      }
      await needs.legalhold.assertMayClaim(userId, [target.id]);
      return await own.claim(target.id, suite, target.id === userId ? clientId : undefined);
    },
  };
}

/** @throws Refusal `bad-request` when one of them is no bare key package. */
function readAll(given: readonly string[]): readonly KeyPackage[] {
  return given.map((text, index) =>
    readKeyPackage(text, (problem) =>
      refuse('bad-request', {
        message: `body.key_packages.${index}: expected a bare KeyPackage in base64; ${problem}`,
      }),
    ),
  );
}

function rowOf({ userId, clientId }: OwnedClient, keyPackage: KeyPackage): KeyPackageRow {
  const { notBefore, notAfter } = lifetimeOf(keyPackage);
  return {
    user_id: userId,
    client_id: clientId,
    suite: keyPackage.suite,
    ref: referenceOf(keyPackage),
    key_package: Buffer.from(keyPackage.bytes).toString('base64'),
    not_before: notBefore,
    not_after: notAfter,
  };
}
