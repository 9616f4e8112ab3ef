import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { MismatchStrategy, QualifiedUserClients, Recipients } from '#contract/messages.ts';

/**
 * Whether a message is encrypted for exactly the clients that it should be (reference client-api 5.3, steps 5 to 7).
 *
 * Expected are all clients of all participants but the sending one, also the sender's others. What is expected and
 * not there is missing; what is there and not expected is deleted when its user takes part, else redundant. The
 * sending client itself is redundant. What is both gets the message.
 */

/** The clients of everybody who takes part, by backend and user; a user without clients has an empty set. */
export type KnownClients = ReadonlyMap<BackendDomain, ReadonlyMap<UserId, ReadonlySet<ClientId>>>;

export interface SendingClient {
  readonly domain: BackendDomain;
  readonly user: UserId;
  readonly client: ClientId;
}

/** Collects clients into the form of answers. */
export type ClientSets = Map<BackendDomain, Map<UserId, Set<ClientId>>>;

/** A ciphertext and whom it is for. */
export interface Envelope {
  readonly user: UserId;
  readonly client: ClientId;
  /** In base64. */
  readonly text: string;
}

export interface Comparison {
  /** Those of the missing clients that the strategy reports; when there are some, nothing is sent. */
  readonly missing: ClientSets;
  readonly redundant: ClientSets;
  readonly deleted: ClientSets;
  /** What is sent, by backend. */
  readonly valid: ReadonlyMap<BackendDomain, readonly Envelope[]>;
}

/** Compares what a message has with what it should have. */
export function compareClients(
  sender: SendingClient,
  known: KnownClients,
  recipients: Recipients,
  strategy: MismatchStrategy,
): Comparison {
  return {
    missing: missingClients(sender, known, recipients, strategy),
    ...sortRecipients(sender, known, recipients),
  };
}

function missingClients(
  sender: SendingClient,
  known: KnownClients,
  recipients: Recipients,
  strategy: MismatchStrategy,
): ClientSets {
  const missing: ClientSets = new Map();
  if (strategy.tag === 'ignore-all') return missing;
  const isReported = reportedUsers(strategy);
  for (const [domain, users] of known) {
    const given = recipients.get(domain);
    for (const [user, clients] of users) {
      if (!isReported(domain, user)) continue;
      const ciphertexts = given?.get(user);
      for (const client of clients) {
        if (ciphertexts?.has(client) || isSender(sender, domain, user, client)) continue;
        addClient(missing, domain, user, client);
      }
    }
  }
  return missing;
}

function reportedUsers(strategy: MismatchStrategy): (domain: BackendDomain, user: UserId) => boolean {
  if (!('users' in strategy)) return () => strategy.tag === 'report-all';
  const named = new Set(strategy.users.map(({ domain, id }) => `${domain}/${id}`));
  const wanted = strategy.tag === 'report-only';
  return (domain, user) => named.has(`${domain}/${user}`) === wanted;
}

function sortRecipients(
  sender: SendingClient,
  known: KnownClients,
  recipients: Recipients,
): Omit<Comparison, 'missing'> {
  const redundant: ClientSets = new Map();
  const deleted: ClientSets = new Map();
  const valid = new Map<BackendDomain, Envelope[]>();
  for (const [domain, users] of recipients) {
    const participants = known.get(domain);
    const envelopes: Envelope[] = [];
    for (const [user, ciphertexts] of users) {
      const clients = participants?.get(user);
      for (const [client, text] of ciphertexts) {
        if (clients === undefined || isSender(sender, domain, user, client))
          addClient(redundant, domain, user, client);
        else if (clients.has(client)) envelopes.push({ user, client, text });
        else addClient(deleted, domain, user, client);
      }
    }
    if (envelopes.length > 0) valid.set(domain, envelopes);
  }
  return { redundant, deleted, valid };
}

function isSender(sender: SendingClient, domain: BackendDomain, user: UserId, client: ClientId): boolean {
  return client === sender.client && user === sender.user && domain === sender.domain;
}

/** The set of a user's clients, made when there is none. */
export function clientsAt(sets: ClientSets, domain: BackendDomain, user: UserId): Set<ClientId> {
  const users = sets.get(domain) ?? new Map<UserId, Set<ClientId>>();
  const clients = users.get(user) ?? new Set<ClientId>();
  sets.set(domain, users.set(user, clients));
  return clients;
}

function addClient(sets: ClientSets, domain: BackendDomain, user: UserId, client: ClientId): void {
  clientsAt(sets, domain, user).add(client);
}

/** In the form of answers, clients in order. */
export function toAnswer(...many: readonly ClientSets[]): QualifiedUserClients {
  const joined: ClientSets = new Map();
  for (const sets of many)
    for (const [domain, users] of sets)
      for (const [user, clients] of users) {
        const all = clientsAt(joined, domain, user);
        for (const client of clients) all.add(client);
      }
  return Object.fromEntries(
    [...joined].map(([domain, users]) => [
      domain,
      Object.fromEntries([...users].map(([user, clients]) => [user, [...clients].sort()])),
    ]),
  );
}
