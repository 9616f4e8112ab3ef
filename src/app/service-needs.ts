import { createEgressRules, ownListeners } from '#federator';
import type { Galley } from '#galley';
import type { CallService, ServiceConversations, ServiceTeams } from '#services';
import type { Teams } from '#teams';
import type { Config } from './config.ts';
import { createPinnedHttps } from './pinned-https.ts';

/** What is known of conversations and teams, in the words of services, and how services are called. */

export function serviceConversations({ bots }: Pick<Galley, 'bots'>): ServiceConversations {
  return bots;
}

export function serviceTeams({ members }: Pick<Teams, 'members'>): ServiceTeams {
  return {
    permissionsOf: async (reader, team, user) => (await members.find(reader, team, user))?.permissions.self,
  };
}

/** wire-server's limit for a call to a service. */
const callTimeoutMs = 5_000;

/** Services are reached where the egress rules let them be, and never at a listener of this backend. */
export function callServices({ services, listen }: Pick<Config, 'services' | 'listen'>): CallService {
  const own = Object.values(listen).filter((at) => at !== undefined);
  const egress = createEgressRules({
    allow: services.egress.allow,
    setting: 'services.egress.allow',
    isOwnListener: ownListeners(own),
  });
  return createPinnedHttps({ egress, timeoutMs: callTimeoutMs });
}
