import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import type { Reader } from '#storage';
import { listRemoteProfiles } from './remote-users.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly federation: FederationCaller;
}

/** Users in one statement: below SQLite's limit of variables. */
const usersPerStatement = 500;

/**
 * Whether all of the users say that they understand MLS; who is gone says nothing.
 * @throws Refusal when a backend does not tell of its users
 */
export async function allSupportMls(
  { ownDomain, reader, federation }: Needs,
  users: readonly Qualified<UserId>[],
): Promise<boolean> {
  const byDomain = Map.groupBy(users, ({ domain }) => domain);
  for (const [domain, some] of byDomain) {
    const ids = some.map(({ id }) => id);
    const supported =
      domain === ownDomain
        ? await listOwnProtocols(reader, ids)
        : (await listRemoteProfiles(federation, domain, ids)).map(
            (profile) => profile.supported_protocols ?? [],
          );
    if (!supported.every((protocols) => protocols.includes('mls'))) return false;
  }
  return true;
}

async function listOwnProtocols(reader: Reader, ids: readonly UserId[]): Promise<readonly string[][]> {
  const found: string[][] = [];
  for (let at = 0; at < ids.length; at += usersPerStatement) {
    const rows = await reader
      .selectFrom('account')
      .select('supported_protocols')
      .where('id', 'in', ids.slice(at, at + usersPerStatement))
      .execute();
    found.push(...rows.map(({ supported_protocols }) => JSON.parse(supported_protocols) as string[]));
  }
  return found;
}
