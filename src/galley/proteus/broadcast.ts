import type { BackendDomain, ConversationId, TeamId, UserId } from '#contract/ids.ts';
import type { NewMessage } from '#contract/messages.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import { assertNotOverheard } from '../legalhold/consent.ts';
import type { AudienceLookup, ClientLookup, Events, LegalholdLookup, UserLookup } from '../needs.ts';
import type { Actor } from '../updates/publish.ts';
import { messagePushes } from './message-events.ts';
import { compareClients } from './mismatch.ts';
import { type SendingResult, statusOf } from './send-to-own.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly users: UserLookup;
  readonly audience: AudienceLookup;
  readonly clients: ClientLookup;
  readonly legalhold: LegalholdLookup;
  readonly events: Events;
  /** Most own users that one broadcast is for. */
  readonly maxBroadcastUsers: number;
  readonly now: () => number;
}

/**
 * Sends a message to the sender's team and contacts, on this backend alone (reference client-api 5.7).
 * @throws Refusal `no-team`, `too-many-users-to-broadcast`, `unknown-client`, `missing-legalhold-consent`
 */
export type Broadcast = (actor: Actor, message: NewMessage) => Promise<SendingResult>;

export function createBroadcast(needs: Needs): Broadcast {
  const { ownDomain, storage, users, clients, events, now } = needs;
  return async (actor, message) => {
    const [sender] = await users.listOwn([actor.user.id]);
    if (sender?.team == null) throw refuse('no-team');
    const audience = await listAudience(needs, sender.id, sender.team, message);
    const found = await clients.own(audience);
    await assertNotOverheard(needs.legalhold, storage.reader, [...new Set([sender.id, ...audience])], found);
    const known = new Map(audience.map((id) => [id, new Set(found.get(id)?.map((client) => client.id))]));
    const sending = { domain: ownDomain, user: sender.id, client: message.sender };
    const compared = compareClients(
      sending,
      new Map([[ownDomain, known]]),
      message.recipients,
      message.strategy,
    );
    if (compared.missing.size > 0) return { isSent: false, status: statusOf(now(), compared) };
    const time = now();
    await storage.work((work) => {
      const posting = {
        ...message,
        // The self-conversation of a user has the id of the user.
        conversation: { domain: ownDomain, id: sender.id as string as ConversationId },
        from: actor.user,
        time: new Date(time).toISOString(),
        senderClient: message.sender,
      };
      const envelopes = compared.valid.get(ownDomain) ?? [];
      return events.pushMany(work, messagePushes(posting, envelopes, ownDomain, actor));
    });
    return { isSent: true, status: statusOf(time, compared) };
  };
}

/** Large teams are reached only by naming those whose missing clients count. */
async function listAudience(
  { ownDomain, audience, maxBroadcastUsers }: Needs,
  sender: UserId,
  team: TeamId,
  { recipients, strategy }: NewMessage,
): Promise<readonly UserId[]> {
  const named = new Set(recipients.get(ownDomain)?.keys());
  if (named.size > maxBroadcastUsers) throw refuse('too-many-users-to-broadcast');
  if (strategy.tag === 'report-only')
    for (const { domain, id } of strategy.users) if (domain === ownDomain) named.add(id);
  if (named.size > maxBroadcastUsers) throw refuse('too-many-users-to-broadcast');
  const members =
    strategy.tag === 'report-only'
      ? await audience.listTeam(team, maxBroadcastUsers, [...named])
      : await audience.listTeam(team, maxBroadcastUsers + 1);
  if (members.length > maxBroadcastUsers) throw refuse('too-many-users-to-broadcast');
  return [...new Set([...members, ...(await audience.listContacts(sender))])];
}
