import type { Qualified, UserId } from '#contract/ids.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import {
  createUser,
  MlsClient,
  type MlsSeen,
  type MlsTestGroup,
  type NetworkBackend,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';
import { connect, expectStatus } from './conversation-rig.ts';

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

/** Reads a client's stream until it has been let into a group. */
export function welcomed(client: MlsClient): Promise<MlsSeen> {
  return followed(client, ({ types }) => types.includes('conversation.mls-welcome'));
}

/** A group of Alice's, and its members. */
export interface Trio {
  readonly alice: MlsClient;
  readonly bob: MlsClient;
  readonly carol: MlsClient;
  readonly group: MlsTestGroup;
}

/** Makes a group that the first backend owns, with Alice on it and Bob and Carol on the second. */
export async function openTrio(network: TestNetwork): Promise<Trio> {
  const [a, b] = [network.backend(0), network.backend(1)];
  const [alice, bob, carol] = await Promise.all([
    MlsClient.create(a, 'Alice'),
    MlsClient.create(b, 'Bob'),
    MlsClient.create(b, 'Carol'),
  ]);
  await connect(alice.user, bob.user);
  await connect(alice.user, carol.user);
  const group = await alice.createGroup();
  expectStatus(await alice.add(group, bob.user, carol.user), 201);
  for (const member of [bob, carol]) await welcomed(member);
  return { alice, bob, carol, group };
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
