import type { PubClient } from '#contract/devices.ts';
import { getUserClients } from '#contract/federation/brig.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { OutputOf } from '#contract/rpc.ts';
import { unexpected } from '../users/remote-users.ts';
import type { ClientsOfUsers } from './client-directory.ts';

/** Which clients the users of other backends have. */
export interface RemoteClients {
  /**
   * The clients of each of the remote's users, as they are after this was called. While a question to a remote is
   * under way, all further ones wait and become one: sending messages asks this for each of them.
   * @throws Refusal as `FederationCaller.call`; `federation-unexpected-body` when the answer is about somebody else.
   */
  clientsOf(
    domain: BackendDomain,
    users: readonly UserId[],
    options?: Pick<CallOptions, 'requestId'>,
  ): Promise<ClientsOfUsers>;
}

/** Users that are put together into one question. */
const usersPerQuestion = 2_000;

interface Question {
  readonly users: Set<UserId>;
  /** Of the first who asks. */
  readonly requestId: string | undefined;
  readonly answer: PromiseWithResolvers<ClientsOfUsers>;
}

export function createRemoteClients(federation: FederationCaller): RemoteClients {
  /** Questions that wait, by remote; a remote is in it as long as one of its questions is under way. */
  const waiting = new Map<BackendDomain, Question[]>();

  async function ask(domain: BackendDomain, { users, requestId, answer }: Question): Promise<void> {
    try {
      const told = await federation.call(domain, getUserClients, { users: [...users] }, { requestId });
      answer.resolve(readAnswer(domain, users, told));
    } catch (error) {
      answer.reject(error);
    }
  }

  async function askAll(domain: BackendDomain, questions: Question[]): Promise<void> {
    for (let next = questions.shift(); next !== undefined; next = questions.shift()) {
      await ask(domain, next);
    }
    waiting.delete(domain);
  }

  /** The question that these users can still join, or a new one. */
  function questionFor(domain: BackendDomain, count: number, requestId: string | undefined): Question {
    const line = waiting.get(domain);
    const last = line?.at(-1);
    if (last !== undefined && last.users.size + count <= usersPerQuestion) return last;
    const question = { users: new Set<UserId>(), requestId, answer: Promise.withResolvers<ClientsOfUsers>() };
    if (line === undefined) start(domain, question);
    else line.push(question);
    return question;
  }

  /** In a later microtask, when the users of the first who asks are in the question. */
  function start(domain: BackendDomain, question: Question): void {
    const line = [question];
    waiting.set(domain, line);
    queueMicrotask(() => void askAll(domain, line));
  }

  return {
    async clientsOf(domain, users, options = {}) {
      if (users.length === 0) return new Map();
      const question = questionFor(domain, users.length, options.requestId);
      for (const userId of users) question.users.add(userId);
      const answer = await question.answer.promise;
      return new Map(users.map((userId) => [userId, answer.get(userId) ?? []]));
    },
  };
}

/** A remote speaks of the users that it was asked about; a client that it tells twice is one. */
function readAnswer(
  domain: BackendDomain,
  asked: ReadonlySet<UserId>,
  told: OutputOf<typeof getUserClients>,
): ClientsOfUsers {
  const answer = new Map<UserId, readonly PubClient[]>();
  for (const [id, clients] of Object.entries(told)) {
    const userId = id as UserId;
    if (!asked.has(userId)) {
      throw unexpected(domain, getUserClients, `the user ${userId}, who was not asked for`);
    }
    const byId = new Map<ClientId, PubClient>(clients.map((client) => [client.id, asTold(client)]));
    answer.set(userId, [...byId.values()]);
  }
  return answer;
}

/** The members of the contract and no others. */
function asTold(client: PubClient): PubClient {
  return client.class === undefined ? { id: client.id } : { id: client.id, class: client.class };
}
