import type { ClientIdsByUser, ClientPrekey, PrekeyBundle, PrekeysByUser } from '#contract/devices.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { LegalholdGuard } from '../legalhold/legalhold-guard.ts';
import { domainsAtOnce, mapAtMost } from '../users/user-lookup.ts';
import type { Claims } from './claims.ts';
import type { OwnedClient } from './prekey-store.ts';
import { claimRemoteBundle, claimRemotePrekey, claimRemotePrekeys } from './remote-claims.ts';

export interface PrekeyClaimsNeeds {
  readonly ownDomain: BackendDomain;
  readonly federation: FederationCaller;
  readonly claims: Claims;
  readonly legalhold: LegalholdGuard;
  /** Most users that one request may name. */
  readonly maxUsers: number;
}

/** Who wants them, and how long it waits. */
export interface Asker extends CallOptions {
  readonly user: { readonly userId: UserId };
}

export type QualifiedClientIds = Readonly<Record<BackendDomain, ClientIdsByUser>>;

/** Prekeys of users of any backend (reference client-api 3.6). */
export interface PrekeyClaims {
  /** @throws Refusal `missing-legalhold-consent`; when the user's backend cannot be asked. */
  claim(domain: BackendDomain, client: OwnedClient, asker: Asker): Promise<ClientPrekey | undefined>;
  /** @throws Refusal as `claim`. */
  claimAll(domain: BackendDomain, userId: UserId, asker: Asker): Promise<PrekeyBundle>;
  /** A domain that fails fails for its users only. @throws Refusal `too-many-clients`, `missing-legalhold-consent`. */
  claimMany(wanted: QualifiedClientIds, asker: Asker): Promise<ClaimedPrekeys>;
}

export interface ClaimedPrekeys {
  readonly prekeys: Readonly<Record<BackendDomain, PrekeysByUser>>;
  readonly failed: readonly FailedClaim[];
}

/** The users of a domain that could not be asked. */
export interface FailedClaim {
  readonly users: readonly Qualified<UserId>[];
  readonly cause: Refusal;
}

export function createPrekeyClaims(needs: PrekeyClaimsNeeds): PrekeyClaims {
  const { ownDomain, federation, claims, legalhold, maxUsers } = needs;

  async function claimAt(
    [domain, wanted]: readonly [BackendDomain, ClientIdsByUser],
    options: CallOptions,
  ): Promise<readonly [BackendDomain, PrekeysByUser] | FailedClaim> {
    if (domain === ownDomain) return [domain, await claims.claimMany(wanted)];
    try {
      return [domain, await claimRemotePrekeys(federation, domain, wanted, options)];
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      return { users: (Object.keys(wanted) as UserId[]).map((id) => ({ domain, id })), cause };
    }
  }

  return {
    async claim(domain, client, asker) {
      if (domain === ownDomain) {
        await legalhold.assertMayClaim(asker.user.userId, [client.userId]);
        return await claims.claim(client);
      }
      return await claimRemotePrekey(federation, domain, client, asker);
    },

    async claimAll(domain, userId, asker) {
      if (domain === ownDomain) {
        await legalhold.assertMayClaim(asker.user.userId, [userId]);
        return await claims.claimAll(userId);
      }
      return await claimRemoteBundle(federation, domain, userId, asker);
    },

    async claimMany(wanted, asker) {
      const domains = Object.entries(wanted) as [BackendDomain, ClientIdsByUser][];
      const users = domains.reduce((count, [, byUser]) => count + Object.keys(byUser).length, 0);
      if (users > maxUsers) {
        throw refuse('too-many-clients', {
          message: `body: found ${users} users, expected at most ${maxUsers}`,
        });
      }
      const own = Object.keys(wanted[ownDomain] ?? {}) as UserId[];
      if (own.length > 0) await legalhold.assertMayClaim(asker.user.userId, own);
      const answers = await mapAtMost(domainsAtOnce, domains, (entry) => claimAt(entry, asker));
      return {
        prekeys: Object.fromEntries(answers.flatMap((answer) => ('cause' in answer ? [] : [answer]))),
        failed: answers.filter((answer) => 'cause' in answer),
      };
    },
  };
}
