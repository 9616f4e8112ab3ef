import type { Galley } from '#galley';
import type { ServiceConversations, ServiceTeams } from '#services';
import type { Teams } from '#teams';

/** What is known of conversations and teams, in the words of services. */

export function serviceConversations({ bots }: Pick<Galley, 'bots'>): ServiceConversations {
  return bots;
}

export function serviceTeams({ members }: Pick<Teams, 'members'>): ServiceTeams {
  return {
    permissionsOf: async (reader, team, user) => (await members.find(reader, team, user))?.permissions.self,
  };
}
