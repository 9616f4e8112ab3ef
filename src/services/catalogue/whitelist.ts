import type { ConversationId, ProviderId, ServiceId, TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { holds, type TeamPermission } from '#contract/teams.ts';
import type { Storage } from '#storage';
import { listBotsInTeam } from '../bots/bot-store.ts';
import type { ServiceConversations, ServiceTeams } from '../needs.ts';
import { pageOf, type ServicePage, withPrefix } from './search.ts';
import {
  addToWhitelist,
  findService,
  isWhitelisted,
  listWhitelisted,
  removeFromWhitelist,
} from './service-store.ts';

/** Which services a team lets into its conversations. */
export interface Whitelist {
  /** Returns false when it was so before. @throws Refusal `insufficient-permissions`, `not-found` */
  set(
    user: UserId,
    team: TeamId,
    service: { readonly provider: ProviderId; readonly id: ServiceId },
    whitelisted: boolean,
  ): Promise<boolean>;
  /** @throws Refusal `insufficient-permissions` for who is not in the team */
  list(
    user: UserId,
    team: TeamId,
    options: { readonly prefix: string; readonly withDisabled: boolean; readonly size: number },
  ): Promise<ServicePage>;
}

interface Needs {
  readonly storage: Storage;
  readonly teams: ServiceTeams;
  readonly conversations: Pick<ServiceConversations, 'leave'>;
}

/** What wire-server asks for. */
const needed: readonly TeamPermission[] = [
  'AddTeamMember',
  'RemoveTeamMember',
  'DeleteConversation',
  'AddRemoveConvMember',
  'ModifyConvName',
];

export function createWhitelist({ storage, teams, conversations }: Needs): Whitelist {
  const { reader } = storage;

  /** Bots come first: whoever asks again finds the entry until all of them are out. */
  async function exclude(team: TeamId, service: ServiceId): Promise<boolean> {
    if (!(await isWhitelisted(reader, team, service))) return false;
    for (const { id, conversation } of await listBotsInTeam(reader, service, team))
      await conversations.leave(conversation as ConversationId, id as UserId);
    return await storage.work((work) => removeFromWhitelist(work, team, service));
  }

  return {
    async set(user, team, { provider, id }, whitelisted) {
      const permissions = await teams.permissionsOf(reader, team, user);
      if (permissions === undefined || !needed.every((each) => holds(permissions, each))) {
        throw refuse('insufficient-permissions');
      }
      if ((await findService(reader, provider, id)) === undefined) throw refuse('not-found:service');
      return whitelisted
        ? await storage.work((work) => addToWhitelist(work, team, id))
        : await exclude(team, id);
    },

    async list(user, team, { prefix, withDisabled, size }) {
      if ((await teams.permissionsOf(reader, team, user)) === undefined)
        throw refuse('insufficient-permissions');
      const all = await listWhitelisted(reader, team);
      return pageOf(
        withPrefix(all, prefix).filter(({ enabled }) => withDisabled || enabled === 1),
        size,
      );
    },
  };
}
