import { addMembers, addMembersV1, addOwnDomainMembers } from '#contract/client/conversation-members.ts';
import { requestLegalholdDevice } from '#contract/client/legalhold.ts';
import { getNotFullyConnectedBackends } from '#contract/federation/brig.ts';
import { onConversationCreated, onConversationUpdated } from '#contract/federation/galley.ts';
import { mlsWelcome, onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import {
  MlsClient,
  type MlsTestGroup,
  type NetworkBackend,
  openLegalholdService,
  openNetwork,
  type TestAnswer,
  type TestUser,
} from '#testkit';
import { connect, expectStatus, named } from '../conversation-rig.ts';
import { addConsenting, type HoldingTeam, openHoldingTeam } from '../legalhold-rig.ts';
import { idOf, mixedGroup, type Pair } from './mls-rig.ts';
import { ask, type FederatedCallRow, type Stage, type Subject, says } from './play.ts';
import { place } from './proteus-rig.ts';
import { inTurns } from './turns.ts';

/*
 * Alice, who has a team on A, is in groups with Bob of B and with a guest of A who has not consented, and who has to go
 * when somebody under legal hold is there.
 */

interface Rig extends Pair {
  readonly a: NetworkBackend;
  readonly holding: HoldingTeam;
  /** With a client in the groups. */
  readonly guest: MlsClient;
  /** A member of the team, about to be under legal hold. */
  readonly held: TestUser;
}

type Row = FederatedCallRow<Rig>;

/** Somebody in a group with the guest is put under legal hold. */
function requesting(rpc: Row['rpc']): Row {
  return inTurns({
    route: requestLegalholdDevice,
    rpc,
    async make(rig: Rig) {
      const member = await addConsenting(rig.a, rig.holding);
      return { member, group: await groupWithGuest(rig, member) };
    },
    call: ({ holding }, { member }) => hold(holding, member),
    status: 201,
    whenDown: { status: 201 },
    carries: ({ group }) => group.id,
  });
}

/** Somebody under legal hold comes to the guest. */
function adding(route: Row['route']): Row {
  return inTurns({
    route,
    rpc: onMlsMessageSent,
    make: (rig: Rig) => groupWithGuest(rig),
    call({ alice, held }, group) {
      const body = route === addOwnDomainMembers ? { users: [held.id] } : { qualified_users: [named(held)] };
      return ask(alice.user, route, place(group), { body });
    },
    whenDown: { status: 200 },
    carries: idOf,
  });
}

function groupWithGuest(rig: Rig, ...members: readonly TestUser[]): Promise<MlsTestGroup> {
  return mixedGroup(rig, [rig.guest.user, ...members], [rig.guest]);
}

function hold({ id, owner }: HoldingTeam, member: TestUser): Promise<TestAnswer> {
  return ask(owner, requestLegalholdDevice, { tid: id, uid: member.id });
}

/** The rows of legal hold. */
export const legalhold: Subject<Rig> = {
  name: 'legalhold',
  rows: [
    ...[onConversationUpdated, onMlsMessageSent].map(requesting),
    ...[addOwnDomainMembers, addMembersV1, addMembers].map(adding),
  ],
  script: () => [
    says(getNotFullyConnectedBackends, () => ({ non_connected_backends: [] })),
    ...[onConversationCreated, onConversationUpdated, onMlsMessageSent].map((rpc) => says(rpc, () => ({}))),
    says(mlsWelcome, () => 'MLSWelcomeSent'),
  ],
  async open(): Promise<Stage<Rig>> {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await openNetwork({ backends: 2 }));
    const service = stack.use(await openLegalholdService());
    const [a, b] = [network.backend(0), network.backend(1)];
    const holding = await openHoldingTeam(a);
    const { id: team, owner } = holding;
    const settings = { body: service.settings };
    expectStatus(await owner.send(`/teams/${team}/legalhold/settings`, settings), 201);
    const held = await addConsenting(a, holding);
    expectStatus(await hold(holding, held), 201);
    const alice = await MlsClient.register(a, owner, 0);
    const guest = await MlsClient.create(a, 'Guest', 0);
    const bob = await MlsClient.create(b, 'Bob', 0);
    for (const other of [guest, bob]) await connect(owner, other.user);
    const rig = { a, alice, bob, team, holding, guest, held };
    const opened = stack.move();
    return { network, other: b, rig, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  },
};
