import type { Qualified, UserId } from '#contract/ids.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import {
  createUser,
  type MlsClient,
  type MlsSeen,
  type NetworkBackend,
  type TestUser,
  until,
} from '#testkit';

/** What the tests of MLS groups share. */

/** Reads a client's stream until what it has found, from now on, is enough. */
export async function followed(client: MlsClient, isEnough: (seen: MlsSeen) => boolean): Promise<MlsSeen> {
  let all: MlsSeen = { texts: [], types: [], failures: [] };
  return until(`${client.user.name} to have read its stream`, async () => {
    const seen = await client.catchUp();
    all = {
      texts: [...all.texts, ...seen.texts],
      types: [...all.types, ...seen.types],
      failures: [...all.failures, ...seen.failures],
    };
    return isEnough(all) ? all : undefined;
  });
}

/** Makes a user of a backend with whom the other user's MLS conversation belongs to that backend. */
export async function ownersUser(backend: NetworkBackend, other: TestUser): Promise<TestUser> {
  for (;;) {
    const user = await createUser(backend, { name: 'Bert' });
    const ids = [user, other].map(({ domain, id }) => ({ domain, id }) as Qualified<UserId>);
    const [one, two] = ids as [Qualified<UserId>, Qualified<UserId>];
    if (oneToOneConversation('mls', one, two).domain === backend.domain) return user;
  }
}
