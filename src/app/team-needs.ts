import type { AccountTeams, Brig } from '#brig';
import { isAdmin } from '#contract/teams.ts';
import type { Galley, TeamLookup } from '#galley';
import type { Reader } from '#storage';
import type { TeamAccounts, TeamConversations, Teams } from '#teams';

/** What is known of teams, in the words of other parts. */

export function brigTeams({ members, features, found, acceptance, search, legalhold }: Teams): AccountTeams {
  const { isOwner, list: listMembers, listRoles } = members;
  return {
    isOwner,
    mayChangeProfiles: async (reader, team, user) => {
      const member = await members.find(reader, team, user);
      return member !== undefined && isAdmin(member.permissions.self);
    },
    listMembers,
    listRoles,
    searchReach: search.reachOf,
    asksSecondFactor: async (team) =>
      (await features.get(team, 'sndFactorPasswordChallenge')).status === 'enabled',
    isLegalholdEnabled: async (team) => (await features.get(team, 'legalhold')).status === 'enabled',
    legalholdStatusesOf: legalhold.statusesOf,
    found,
    ...acceptance,
  };
}

export function galleyTeams(reader: Reader, { members }: Pick<Teams, 'members'>): TeamLookup {
  return {
    permissionsOf: async (user, team) => (await members.find(reader, team, user))?.permissions.self,
    ownPermissionsOf: async (user) => (await members.findOf(reader, user))?.permissions.self,
  };
}

/** What brig knows of accounts, in the words of teams. */
export function teamAccounts(brig: () => Pick<Brig, 'forTeams'>): TeamAccounts {
  return {
    findEmail: (user) => brig().forTeams.findEmail(user),
    listCards: (reader, users) => brig().forTeams.listCards(reader, users),
    readEmail: (text) => brig().forTeams.readEmail(text),
    readInvitee: (text) => brig().forTeams.readInvitee(text),
    isEmailTaken: (reader, key) => brig().forTeams.isEmailTaken(reader, key),
    mailInvitation: (mail) => brig().forTeams.mailInvitation(mail),
    verifyPassword: (user, password) => brig().forTeams.verifyPassword(user, password),
    assertSecondFactor: (user, code) => brig().forTeams.assertSecondFactor(user, code),
    remove: (user, allowed) => brig().forTeams.remove(user, allowed),
    setTeam: (work, user, team) => brig().forTeams.setTeam(work, user, team),
    setSuspended: (user, suspended) => brig().forTeams.setSuspended(user, suspended),
    setSearchable: (work, team, searchable) => brig().forTeams.setSearchable(work, team, searchable),
    areLegalholdPrekeys: (device) => brig().forTeams.legalhold.arePrekeys(device),
    legalholdClientId: (device) => brig().forTeams.legalhold.clientId(device),
    draftLegalholdClient: (user, device) => brig().forTeams.legalhold.draft(user, device),
    endLegalhold: (work, user) => brig().forTeams.legalhold.end(work, user),
    tellLegalholdRequest: (work, user, device) => brig().forTeams.legalhold.tellRequest(work, user, device),
    suspendConnections: (user) => brig().forTeams.connections.suspend(user),
    resumeConnections: (user) => brig().forTeams.connections.resume(user),
  };
}

/** What galley does with conversations, in the words of teams. */
export function teamConversations(
  galley: () => Pick<Galley, 'endTeamConversations' | 'partForLegalhold'>,
): TeamConversations {
  return {
    end: (team, by, until) => galley().endTeamConversations(team, by, until),
    part: (user) => galley().partForLegalhold(user),
  };
}
