import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { Recipients } from '#contract/messages.ts';
import type { OwnConversation, Roles } from '../conversations/conversation.ts';
import type { ClientLookup, ClientsOfUsers } from '../needs.ts';
import { askingClientsFailed } from '../telemetry.ts';
import { type ClientSets, clientsAt, type KnownClients } from './mismatch.ts';

/** The clients of a conversation's members, as far as their backends could be asked. */
export interface MembersClients {
  readonly known: KnownClients;
  /** Taken from the message because their backend did not answer. */
  readonly unconfirmed: ClientSets;
  /** Members of such backends for whom the message has nothing; each with an empty set. */
  readonly unknown: ClientSets;
  /** As they were found. */
  readonly own: ClientsOfUsers;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly clients: ClientLookup;
  /** A remote that takes longer to say which clients its users have counts as one that does not answer. */
  readonly remoteClientsMs: number;
}

/**
 * Asks all backends at once. A remote that does not answer keeps nobody from sending: those of its users that the
 * message names are taken to have just the named clients (reference client-api 5.3, step 3).
 */
export async function findMembersClients(
  needs: Needs,
  conversation: OwnConversation,
  recipients: Recipients,
  requestId: string | undefined,
): Promise<MembersClients> {
  const { ownDomain, clients } = needs;
  const own = clients.own([...conversation.ownMembers.keys()]);
  const remote = [...conversation.remoteMembers].map(async ([domain, roles]) => ({
    domain,
    roles,
    told: await askRemote(needs, domain, [...roles.keys()], requestId),
  }));
  const found = await own;
  const known = new Map([[ownDomain, setsOf(found, conversation.ownMembers)]]);
  const [unconfirmed, unknown]: [ClientSets, ClientSets] = [new Map(), new Map()];
  for (const { domain, roles, told } of await Promise.all(remote)) {
    const users =
      told === undefined
        ? namedClients(domain, roles, recipients, { unconfirmed, unknown })
        : setsOf(told, roles);
    known.set(domain, users);
  }
  return { known, unconfirmed, unknown, own: found };
}

async function askRemote(
  { clients, remoteClientsMs }: Needs,
  domain: BackendDomain,
  users: readonly UserId[],
  requestId: string | undefined,
): Promise<ClientsOfUsers | undefined> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${domain} did not answer within ${remoteClientsMs} ms`)),
    remoteClientsMs,
  );
  try {
    const options = requestId === undefined ? {} : { requestId };
    return await Promise.race([clients.remote(domain, users, options), late.promise]);
  } catch (error) {
    askingClientsFailed(domain, error);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function setsOf(found: ClientsOfUsers, roles: Roles): ReadonlyMap<UserId, ReadonlySet<ClientId>> {
  const sets = new Map<UserId, ReadonlySet<ClientId>>();
  for (const user of roles.keys()) sets.set(user, new Set(found.get(user)?.map(({ id }) => id)));
  return sets;
}

function namedClients(
  domain: BackendDomain,
  roles: Roles,
  recipients: Recipients,
  { unconfirmed, unknown }: Pick<MembersClients, 'unconfirmed' | 'unknown'>,
): ReadonlyMap<UserId, ReadonlySet<ClientId>> {
  const sets = new Map<UserId, ReadonlySet<ClientId>>();
  for (const user of roles.keys()) {
    const named = recipients.get(domain)?.get(user);
    if (named === undefined || named.size === 0) clientsAt(unknown, domain, user);
    else {
      const clients = clientsAt(unconfirmed, domain, user);
      for (const client of named.keys()) clients.add(client);
      sets.set(user, clients);
    }
  }
  return sets;
}
