import { createConnection } from '#contract/client/connections.ts';
import { onUserDeletedConnections, sendConnectionAction } from '#contract/federation/brig.ts';
import { onConversationUpdated, onUserDeletedConversations } from '#contract/federation/galley.ts';
import {
  createUser,
  type MailServer,
  MlsClient,
  type NetworkBackend,
  type NewTestUser,
  openMailServer,
  openNetwork,
  request,
  type TestUser,
  until,
} from '#testkit';
import { connect, createGroup, expectStatus, pathOf } from '../conversation-rig.ts';
import { ask, type Stage } from './play.ts';

/*
 * Where the rows of deletions are played. Everybody who is to be deleted is on A, connected with Bob of B, and both are
 * in a group that A owns and in one that B owns; Bert of B has been asked for a connection, and has said nothing.
 */

export interface Rig {
  readonly a: NetworkBackend;
  readonly mails: MailServer;
  /** The owner of a team on A. */
  readonly tina: TestUser;
  readonly team: string;
  readonly bob: MlsClient;
  /** Who is to be deleted. */
  readonly leavers: TestUser[];
  /** As `leavers`, members of the team. */
  readonly mates: TestUser[];
  /** As `leavers`, each with a team of its own. */
  readonly founders: TestUser[];
}

/** What a deletion is told by: ways to have had to do with another backend. */
export const told = [
  onUserDeletedConnections,
  sendConnectionAction,
  onConversationUpdated,
  onUserDeletedConversations,
] as const;

/** One is deleted with the remote up, and one with it down, for each notification and for who is in an MLS group. */
const usersPerRoute = 2 * (told.length + 1);

/** @param routes how many there are that delete users who are in no team */
export async function open(routes: number): Promise<Stage<Rig>> {
  await using stack = new AsyncDisposableStack();
  const mails = stack.use(await openMailServer());
  // A network writes mails into the log when it is not told otherwise.
  const set = { 'mail.smtp': mails.url, 'mail.log': false };
  const network = stack.use(await openNetwork({ backends: 2, set }));
  const [a, other] = [network.backend(0), network.backend(1)];
  const bob = await MlsClient.create(other, 'Bob', 0);
  const bert = await createUser(other, { name: 'Bert' });
  const tina = await createUser(a, { name: 'Tina', team: { name: 'Tin' } });
  const team = String((await tina.send('/self')).get('team'));
  const leavers = await leaversOf(a, [bob.user, bert], routes * usersPerRoute);
  const mates = await leaversOf(a, [bob.user, bert], usersPerRoute);
  for (const mate of mates) await join(a, team, mate);
  const founders = await leaversOf(a, [bob.user, bert], usersPerRoute, { team: { name: 'Leavers' } });
  const everybody = [...leavers, ...mates, ...founders];
  const theirs = await createGroup(bob.user, everybody);
  await until('everybody to be in the group of B', async () => {
    const seen = await Promise.all(everybody.map((user) => user.send(pathOf(theirs))));
    return seen.every(({ status }) => status === 200);
  });
  const rig = { a, mails, tina, team, bob, leavers, mates, founders };
  const opened = stack.move();
  return { network, other, rig, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function leaversOf(
  a: NetworkBackend,
  [bob, bert]: readonly [TestUser, TestUser],
  count: number,
  more: Pick<NewTestUser, 'team'> = {},
): Promise<TestUser[]> {
  const users: TestUser[] = [];
  while (users.length < count) {
    const user = await createUser(a, { name: `Leaver ${users.length}`, ...more });
    await connect(user, bob);
    await createGroup(user, [bob]);
    expectStatus(await ask(user, createConnection, { domain: bert.domain, uid: bert.id }), 201);
    users.push(user);
  }
  return users;
}

async function join(a: NetworkBackend, team: string, { id: user }: TestUser): Promise<void> {
  const body = { member: { user, permissions: { self: 1587, copy: 0 } } };
  expectStatus(await request(`${a.internalApi}/i/teams/${team}/members`, { body }), 200);
}
