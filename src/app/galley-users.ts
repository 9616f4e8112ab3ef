import type { Brig } from '#brig';
import type { MlsMigrationConfig } from '#contract/features.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import type { AudienceLookup, ClientLookup, MigrationLookup, MlsClientLookup, UserLookup } from '#galley';
import type { Reader } from '#storage';
import type { Teams } from '#teams';

/** What brig knows of users, in galley's words. */
export function galleyUsers(
  ownDomain: BackendDomain,
  reader: Reader,
  brig: () => Pick<Brig, 'accounts' | 'connections'>,
): UserLookup {
  const accepted = async (from: readonly UserId[], to: readonly Qualified<UserId>[]) => {
    const relations = await brig().connections.listRelations(reader, from, to);
    return relations.filter(({ status }) => status === 'accepted');
  };
  return {
    listOwn: (ids) => brig().accounts.list(ids),
    async connectedWith(user, others) {
      const ours = await accepted([user], others);
      const own = ours.filter(({ to }) => to.domain === ownDomain).map(({ to }) => to.id);
      const theirs = own.length === 0 ? [] : await accepted(own, [{ domain: ownDomain, id: user }]);
      const mutual = new Set(theirs.map(({ from }) => from));
      return ours.map(({ to }) => to).filter(({ domain, id }) => domain !== ownDomain || mutual.has(id));
    },
    async connectedTo(remote, users) {
      const relations = await accepted(users, [remote]);
      return new Set(relations.map(({ from }) => from));
    },
  };
}

/** Which clients brig knows of, here and elsewhere. */
export function galleyClients(brig: () => Pick<Brig, 'clients'>): ClientLookup {
  return {
    own: (users) => brig().clients.own.clientsOf(users),
    remote: (domain, users, options) => brig().clients.remote.clientsOf(domain, users, options),
  };
}

/** Which clients brig knows to have key packages, here and elsewhere. */
export function galleyMlsClients(brig: () => Pick<Brig, 'clients'>): MlsClientLookup {
  return {
    own: (users, suite) => brig().clients.ownMls.mlsClientsOf(users, suite),
    remote: (domain, users, suite, options) =>
      brig().clients.remoteMls.mlsClientsOf(domain, users, suite, options),
  };
}

/** What teams and brig know of a migration to MLS. */
export function galleyMigration(
  brig: () => Pick<Brig, 'allSupportMls'>,
  teams: Pick<Teams, 'features'>,
): MigrationLookup {
  return {
    async find(team) {
      const { status, config } = await teams.features.get(team, 'mlsMigration');
      if (status === 'disabled') return undefined;
      const { finaliseRegardlessAfter: end } = config as MlsMigrationConfig;
      return { finaliseAfter: end == null ? undefined : Date.parse(end) };
    },
    allSupportMls: (users) => brig().allSupportMls(users),
  };
}

/** Whom a user is with: in its team, and as contacts. */
export function galleyAudience(
  reader: Reader,
  teams: Pick<Teams, 'members'>,
  brig: () => Pick<Brig, 'connections'>,
): AudienceLookup {
  return {
    listTeam: (team, limit, only) => teams.members.list(reader, team, limit, only),
    listContacts: (user) => brig().connections.listContacts(reader, user),
  };
}
