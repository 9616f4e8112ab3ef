import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, Handle, Qualified, UserId } from '#contract/ids.ts';
import type { UserProfile } from '#contract/profiles.ts';
import { Refusal } from '#contract/refusal.ts';
import type { AccountRow } from '#storage';
import { type ProfileNeeds, profilesOf } from './profile.ts';
import { findRemoteProfileByHandle, listRemoteProfiles } from './remote-users.ts';
import { findAccountByHandle, listAccounts } from './user-store.ts';

/** What looking up users needs of others. */
export interface UserLookupNeeds extends ProfileNeeds {
  readonly federation: FederationCaller;
  /** Told of what was read: whoever is past its time is shown once more and then goes. */
  readonly onExpired?: (accounts: readonly AccountRow[]) => void;
}

/** Profiles of users of any backend. */
export interface UserLookup {
  /**
   * @param viewer the local user who asks: it sees its own e-mail.
   * @throws Refusal when the user's backend cannot be asked (reference federation-api 3.2).
   */
  find(viewer: UserId, user: Qualified<UserId>, options?: CallOptions): Promise<UserProfile | undefined>;
  /** @throws Refusal as `find`. */
  findByHandle(
    viewer: UserId,
    handle: Qualified<Handle>,
    options?: CallOptions,
  ): Promise<UserProfile | undefined>;
  /** One call for each remote domain, at most eight at once; a domain that fails fails for its users only. */
  list(viewer: UserId, users: readonly Qualified<UserId>[], options?: CallOptions): Promise<ListedUsers>;
  /** The ids of the own users with these handles; other domains' handles are not resolved (reference 3.2). */
  resolveHandles(handles: readonly Qualified<Handle>[]): Promise<readonly Qualified<UserId>[]>;
}

/** Unknown users are in neither list. */
export interface ListedUsers {
  readonly found: readonly UserProfile[];
  readonly failed: readonly DomainFailure[];
}

/** The users of whom nothing can be said because their backend failed. */
export interface DomainFailure {
  readonly users: readonly Qualified<UserId>[];
  readonly cause: Refusal;
}

/** wire-server asks as many remote backends at once (reference federation-api 7.2). */
export const domainsAtOnce = 8;

export function createUserLookup(needs: UserLookupNeeds): UserLookup {
  const { ownDomain, reader, federation } = needs;

  async function listOwn(viewer: UserId, ids: readonly UserId[]): Promise<readonly UserProfile[]> {
    const accounts = await listAccounts(reader, ids);
    needs.onExpired?.(accounts);
    return await profilesOf(needs, accounts, viewer);
  }

  function listOf(viewer: UserId, domain: BackendDomain, ids: readonly UserId[], options?: CallOptions) {
    return domain === ownDomain ? listOwn(viewer, ids) : listRemoteProfiles(federation, domain, ids, options);
  }

  return {
    async find(viewer, { domain, id }, options) {
      const [profile] = await listOf(viewer, domain, [id], options);
      return profile;
    },

    async findByHandle(viewer, { domain, id: handle }, options) {
      if (domain !== ownDomain) return await findRemoteProfileByHandle(federation, domain, handle, options);
      const account = await findAccountByHandle(reader, handle);
      const [profile] = account === undefined ? [] : await profilesOf(needs, [account], viewer);
      return profile;
    },

    async list(viewer, users, options) {
      const answers = await mapAtMost(domainsAtOnce, [...idsByDomain(users)], async ([domain, ids]) =>
        orFailure(domain, ids, listOf(viewer, domain, ids, options)),
      );
      return {
        found: answers.flatMap((answer) => ('found' in answer ? answer.found : [])),
        failed: answers.filter((answer) => 'cause' in answer),
      };
    },

    async resolveHandles(handles) {
      const own = [...new Set(handles.filter(({ domain }) => domain === ownDomain).map(({ id }) => id))];
      const accounts = await Promise.all(own.map((handle) => findAccountByHandle(reader, handle)));
      return accounts
        .filter((account) => account !== undefined)
        .map((account) => ({ domain: ownDomain, id: account.id as UserId }));
    },
  };
}

/** The ids of each domain, each once. */
export function idsByDomain(users: readonly Qualified<UserId>[]): Map<BackendDomain, readonly UserId[]> {
  const groups = new Map<BackendDomain, Set<UserId>>();
  for (const { domain, id } of users) {
    const group = groups.get(domain);
    if (group === undefined) groups.set(domain, new Set([id]));
    else group.add(id);
  }
  return new Map([...groups].map(([domain, ids]) => [domain, [...ids]]));
}

/** Only what we refuse counts as a failure of that domain; anything else is a bug and passes through. */
async function orFailure(
  domain: BackendDomain,
  ids: readonly UserId[],
  answer: Promise<readonly UserProfile[]>,
): Promise<{ readonly found: readonly UserProfile[] } | DomainFailure> {
  try {
    return { found: await answer };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return { users: ids.map((id) => ({ domain, id })), cause };
  }
}

/** Maps with at most `limit` calls under way; results keep the order of the items. */
export async function mapAtMost<T, R>(
  limit: number,
  items: readonly T[],
  change: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = new Array(items.length);
  const waiting = items.entries();
  async function worker(): Promise<void> {
    for (const [index, item] of waiting) results[index] = await change(item);
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
