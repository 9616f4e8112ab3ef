import assert from 'node:assert/strict';
import { deleteSelf, getSelf, verifyDeletion } from '#contract/client/self.ts';
import { deleteTeam, deleteTeamMember } from '#contract/client/teams.ts';
import { getUser } from '#contract/client/users.ts';
import {
  getMlsClients,
  getNotFullyConnectedBackends,
  getUsersByIds,
  onUserDeletedConnections,
  sendConnectionAction,
} from '#contract/federation/brig.ts';
import { onConversationUpdated, onUserDeletedConversations } from '#contract/federation/galley.ts';
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
  /** Who is deleted so. */
  readonly among: 'leavers' | 'mates' | 'founders';
  delete(rig: Rig, user: TestUser): Promise<TestAnswer>;
}

const ways: readonly Way[] = [
  {
    route: deleteSelf,
    among: 'leavers',
    status: 200,
    delete: (_, user) => ask(user, deleteSelf, {}, { body: { password: user.password } }),
  },
  {
    route: verifyDeletion,
    among: 'leavers',
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
    among: 'leavers',
    status: 202,
    delete: ({ a }, { id: uid }) => ask(operatorOf(a), removeUser, { uid }),
  },
  {
    route: deleteTeamMember,
    among: 'mates',
    status: 202,
    delete: ({ tina, team: tid }, { id: uid }) =>
      ask(tina, deleteTeamMember, { tid, uid }, { body: { password: tina.password } }),
  },
  {
    route: deleteTeam,
    among: 'founders',
    status: 202,
    async delete(_, user) {
      const tid = String((await ask(user, getSelf, {})).get('team'));
      return ask(user, deleteTeam, { tid }, { body: { password: user.password } });
    },
  },
];

/** The rows of accounts that go. */
export const deletions: Subject<Rig> = {
  name: 'deletions',
  rows: ways.flatMap((way) => [...rowsOf(way), inMlsGroup(way)]),
  script: ({ bob }) => [
    ...[onUserDeletedConnections, onConversationUpdated, onUserDeletedConversations, onMlsMessageSent].map(
      (rpc) => says(rpc, () => ({})),
    ),
    says(sendConnectionAction, () => ({ tag: 'NewConnectionResponseOk' })),
    says(getUsersByIds, () => []),
    says(getNotFullyConnectedBackends, () => ({ non_connected_backends: [] })),
    says(getMlsClients, () => [{ id: bob.clientId, mls: true }]),
    says(mlsWelcome, () => 'MLSWelcomeSent'),
  ],
  reach: ({ tina, bob: { user } }) => ask(tina, getUser, { domain: user.domain, uid: user.id }),
  open: () => open(ways.filter(({ among }) => among === 'leavers').length),
};

/** Somebody else is deleted each time, of whom the other backend is told with the remote back if it was down. */
function rowsOf({ route, among, status, delete: end }: Way): readonly Row[] {
  return told.map((rpc): Row => {
    let gone = '';
    return {
      route,
      rpc,
      status,
      call(rig) {
        const user = rig[among].pop() ?? assert.fail('nobody is left who could be deleted');
        gone = user.id;
        return end(rig, user);
      },
      whenDown: { status },
      carries: () => gone,
    };
  });
}

/** The backend proposes to take the client of who is deleted out of a group in which a client of Bob's is, too. */
function inMlsGroup({ route, among, status, delete: end }: Way): Row {
  return inTurns({
    route,
    rpc: onMlsMessageSent,
    async make(rig: Rig) {
      const user = rig[among].pop() ?? assert.fail('nobody is left who could be deleted');
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
