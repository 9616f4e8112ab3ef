import assert from 'node:assert/strict';
import { deleteSelf, verifyDeletion } from '#contract/client/self.ts';
import { deleteTeamMember } from '#contract/client/teams.ts';
import { getUser } from '#contract/client/users.ts';
import { getUsersByIds } from '#contract/federation/brig.ts';
import { removeUser } from '#contract/internal/users.ts';
import type { TestAnswer, TestUser } from '#testkit';
import { expectStatus } from '../conversation-rig.ts';
import { open, type Rig, told } from './deletions-rig.ts';
import { ask, type FederatedCallRow, operatorOf, type Subject, says } from './play.ts';

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
  ],
  script: () => [...told.map((rpc) => says(rpc, () => ({}))), says(getUsersByIds, () => [])],
  reach: ({ tina, bob: { domain, id: uid } }) => ask(tina, getUser, { domain, uid }),
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
