import { randomBytes } from 'node:crypto';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { KeyPackageBundle, MlsClient } from '#contract/key-packages.ts';
import type { Storage } from '#storage';
import type { ClientDirectory } from '../clients/client-directory.ts';
import { keyPackagesClaimed } from '../telemetry.ts';
import { countKeyPackages, type LifetimeRule, removeDead, takeKeyPackages } from './key-package-store.ts';

export interface OwnKeyPackagesNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly directory: ClientDirectory;
  /** Which lifetimes hold now. */
  readonly lifetimes: () => LifetimeRule;
  /** Base64 of random bytes as long as a reference. */
  readonly pivot?: () => string;
}

/** The clients of each of the asked users by id; of unknown users none. */
export type MlsClientsOfUsers = ReadonlyMap<UserId, readonly MlsClient[]>;

/**
 * Key packages of own users' clients, for own users and remotes alike (reference client-api 8.2, federation-api 5.2.9,
 * 5.2.11). Those whose lifetime does not hold count as gone, and whoever meets them removes them.
 */
export interface OwnKeyPackages {
  /** Takes one of each client that has one; `except` is the client that claims for its own user. */
  claim(userId: UserId, suite: number, except: ClientId | undefined): Promise<KeyPackageBundle>;
  count(userId: UserId, clientId: ClientId, suite: number): Promise<number>;
  /** All clients of each user, and which of them have key packages of the suite. */
  mlsClientsOf(users: readonly UserId[], suite: number): Promise<MlsClientsOfUsers>;
}

const referenceBytes = 32;

export function createOwnKeyPackages(needs: OwnKeyPackagesNeeds): OwnKeyPackages {
  const { ownDomain, storage, directory, lifetimes } = needs;
  const pivot = needs.pivot ?? (() => randomBytes(referenceBytes).toString('base64'));

  /** Counts what is alive; what is not is removed, when there is any. */
  async function countAlive(users: readonly UserId[], suite: number) {
    const rule = lifetimes();
    const counted = await countKeyPackages(storage.reader, users, suite, rule);
    const withDead = new Set(counted.filter(({ dead }) => dead > 0).map(({ userId }) => userId));
    if (withDead.size > 0) {
      await storage.work((work) => removeDead(work, [...withDead], suite, rule));
    }
    return counted.filter(({ alive }) => alive > 0);
  }

  return {
    async claim(userId, suite, except) {
      const start = pivot();
      const rule = lifetimes();
      const rows = await storage.work(async (work) => {
        await removeDead(work, [userId], suite, rule);
        const taken = await takeKeyPackages(work, { userId, suite, pivot: start, except });
        work.onCommit(() => keyPackagesClaimed(taken.length));
        return taken;
      });
      return {
        key_packages: rows.map(({ client_id, ref, key_package }) => ({
          user: userId,
          domain: ownDomain,
          client: client_id as ClientId,
          key_package_ref: ref,
          key_package,
        })),
      };
    },

    async count(userId, clientId, suite) {
      const counted = await countAlive([userId], suite);
      return counted.find((client) => client.clientId === clientId)?.alive ?? 0;
    },

    async mlsClientsOf(users, suite) {
      const [clients, counted] = await Promise.all([directory.clientsOf(users), countAlive(users, suite)]);
      const capable = new Set(counted.map(({ userId, clientId }) => `${userId} ${clientId}`));
      return new Map(
        [...clients].map(([userId, list]) => [
          userId,
          list.map(({ id }) => ({ id, mls: capable.has(`${userId} ${id}`) })),
        ]),
      );
    },
  };
}
