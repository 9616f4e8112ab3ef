import { getUserByHandle, getUsersByIds } from '#contract/federation/brig.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, Handle, UserId } from '#contract/ids.ts';
import type { UserProfile } from '#contract/profiles.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';
import type { Rpc } from '#contract/rpc.ts';

/**
 * Profiles that other backends tell. A remote speaks for its own users and answers what it was asked: anything else in
 * its answer makes the whole answer worthless, since nobody can say which part of it is true.
 */

/**
 * The profiles of a remote's users; unknown ids are left out.
 * @throws Refusal as `FederationCaller.call`; `federation-unexpected-body` when the answer is about somebody else.
 */
export async function listRemoteProfiles(
  federation: FederationCaller,
  domain: BackendDomain,
  ids: readonly UserId[],
  options?: CallOptions,
): Promise<readonly UserProfile[]> {
  const asked = new Set(ids);
  const answer = await federation.call(domain, getUsersByIds, [...asked], options);
  const profiles = new Map<UserId, UserProfile>();
  for (const told of answer) {
    assertOwnUser(domain, getUsersByIds, told.qualified_id.domain);
    const { id } = told.qualified_id;
    if (!asked.has(id)) throw unexpected(domain, getUsersByIds, `the user ${id}, who was not asked for`);
    if (!profiles.has(id)) profiles.set(id, asTold(told));
  }
  return [...profiles.values()];
}

/**
 * The profile of the remote's user with this handle, if there is one and its search policy shows it.
 * @throws Refusal as `listRemoteProfiles`.
 */
export async function findRemoteProfileByHandle(
  federation: FederationCaller,
  domain: BackendDomain,
  handle: Handle,
  options?: CallOptions,
): Promise<UserProfile | undefined> {
  const told = await federation.call(domain, getUserByHandle, handle, options);
  if (told === null) return undefined;
  assertOwnUser(domain, getUserByHandle, told.qualified_id.domain);
  if (told.handle !== handle) {
    throw unexpected(domain, getUserByHandle, `a user with another handle than the one asked for`);
  }
  return asTold(told);
}

/** @throws Refusal `federation-unexpected-body` when a remote tells of a user that is not its own. */
export function assertOwnUser(domain: BackendDomain, rpc: Rpc, claimed: BackendDomain): void {
  if (claimed !== domain) throw unexpected(domain, rpc, `a user of ${claimed}`);
}

/** The refusal of an answer that is about something else than what was asked. */
export function unexpected(domain: BackendDomain, rpc: Rpc, found: string): Refusal {
  return refuse('federation-unexpected-body', {
    message: `Could parse body, but response was not expected: ${domain} told of ${found}`,
    data: { type: 'federation', domain, path: `/federation/${rpc.name}` },
  });
}

/** The members of the contract and no others, with its defaults: what is unknown is not passed on to clients. */
function asTold(told: UserProfile): UserProfile {
  return {
    qualified_id: told.qualified_id,
    id: told.qualified_id.id,
    name: told.name,
    picture: told.picture ?? [],
    assets: told.assets ?? [],
    accent_id: told.accent_id,
    ...(told.deleted === true ? { deleted: true } : {}),
    ...(told.service === undefined ? {} : { service: told.service }),
    ...(typeof told.handle === 'string' ? { handle: told.handle } : {}),
    ...(told.expires_at === undefined ? {} : { expires_at: told.expires_at }),
    ...(typeof told.team === 'string' ? { team: told.team } : {}),
    ...(typeof told.email === 'string' ? { email: told.email } : {}),
    legalhold_status: told.legalhold_status,
    supported_protocols: told.supported_protocols ?? ['proteus'],
  };
}
