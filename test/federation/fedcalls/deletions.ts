import assert from 'node:assert/strict';
import { deleteSelf, verifyDeletion } from '#contract/client/self.ts';
import { deleteTeamMember } from '#contract/client/teams.ts';
import { getUser } from '#contract/client/users.ts';
import { getMlsClients, getNotFullyConnectedBackends, getUsersByIds } from '#contract/federation/brig.ts';
import { mlsWelcome, onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import { removeUser } from '#contract/internal/users.ts';
import { MlsClient, type TestAnswer, type TestUser } from '#testkit';
import { expectStatus } from '../conversation-rig.ts';
import { open, type Rig, told } from './deletions-rig.ts';
import { submit } from './mls-rig.ts';
import { ask, type FederatedCallRow, operatorOf, type Subject, says } from './play.ts';
import { inTurns } from './turns.ts';

type Row = FederatedCallRow<Rig>;

/** A way to delete a user. */
interface Way extends Pick<Row, 'route' | 'status'> {
  delete(rig: Rig, user: TestUser): Promise<TestAnswer>;
}

const ways: readonly Way[] = [
  {
    route: deleteSelf,
    status: 200,
    delete: (_, user) => ask(user, deleteSelf, {}, { body: { password: user.password } }),
  },
  {
    route: verifyDeletion,
    status: 200,
    async delete({ mails }, user) {
      expectStatus(await ask(user, deleteSelf, {}, { body: {} }), 202);
      const { text } = await mails.mailTo(user.email);
      const { searchParams } = new URL(/https?:\S+/.exec(text)?.[0] ?? assert.fail(text));
      return ask(user, verifyDeletion, {}, { body: Object.fromEntries(searchParams) });
    },
  },
  {
    route: removeUser,
    status: 202,
    delete: ({ a }, { id: uid }) => ask(operatorOf(a), removeUser, { uid }),
  },
];

const fromTeam: Way = {
  route: deleteTeamMember,
  status: 202,
  delete: ({ tina, team: tid }, { id: uid }) =>
    ask(tina, deleteTeamMember, { tid, uid }, { body: { password: tina.password } }),
};

/** The rows of accounts that go. */
export const deletions: Subject<Rig> = {
  name: 'deletions',
  rows: [
    ...ways.flatMap((way) => rowsOf(way, ({ leavers }) => leavers)),
    ...rowsOf(fromTeam, ({ mates }) => mates),
    ...ways.map((way) => inMlsGroup(way, ({ leavers }) => leavers)),
    inMlsGroup(fromTeam, ({ mates }) => mates),
  ],
  script: ({ bob }) => [
    ...[...told, onMlsMessageSent].map((rpc) => says(rpc, () => ({}))),
    says(getUsersByIds, () => []),
    says(getNotFullyConnectedBackends, () => ({ non_connected_backends: [] })),
    says(getMlsClients, () => [{ id: bob.clientId, mls: true }]),
    says(mlsWelcome, () => 'MLSWelcomeSent'),
  ],
  reach: ({ tina, bob: { user } }) => ask(tina, getUser, { domain: user.domain, uid: user.id }),
  open: () => open(ways.length),
};

/** Somebody else is deleted each time, of whom the other backend is told with the remote back if it was down. */
function rowsOf({ route, status, delete: end }: Way, among: (rig: Rig) => TestUser[]): readonly Row[] {
  return told.map((rpc): Row => {
    let gone = '';
    return {
      route,
      rpc,
      status,
      call(rig) {
        const user = among(rig).pop() ?? assert.fail('nobody is left who could be deleted');
        gone = user.id;
        return end(rig, user);
      },
      whenDown: { status },
      carries: () => gone,
    };
  });
}

/** The backend proposes to take the client of who is deleted out of a group in which a client of Bob's is, too. */
function inMlsGroup({ route, status, delete: end }: Way, among: (rig: Rig) => TestUser[]): Row {
  return inTurns({
    route,
    rpc: onMlsMessageSent,
    async make(rig: Rig) {
      const user = among(rig).pop() ?? assert.fail('nobody is left who could be deleted');
      const client = await MlsClient.register(rig.a, user, 0);
      expectStatus(await submit(client, await client.createGroup(), rig.bob), 201);
      return user;
    },
    call: end,
    status,
    whenDown: { status },
    carries: ({ id }) => id,
  });
}
