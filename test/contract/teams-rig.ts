import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Brig, type BrigNeeds, openBrig } from '#brig';
import type { Push } from '#contract/events/push.ts';
import type { TeamEvent } from '#contract/events/team.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { addTeamMember } from '#contract/internal/teams.ts';
import { createUser } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { permissionsOf, type TeamRole } from '#contract/teams.ts';
import { createNotificationIds } from '#notifications';
import { openStorage } from '#storage';
import { openTeams, type Teams, type TeamsNeeds } from '#teams';
import { brigTeams } from '../../src/app/team-needs.ts';
import { type Clock, createCaller, empty, noRemotes, ownDomain, password, type Rig } from './brig-rig.ts';

/** Teams and accounts on a real database, joined as a backend joins them. */
export interface TeamsRig
  extends Pick<Rig, 'brig' | 'storage' | 'clock' | 'pushes' | 'send'>,
    AsyncDisposable {
  readonly teams: Teams;
  /** A user with a team of its own. */
  addOwner(): Promise<{ readonly owner: AuthenticatedUser; readonly team: TeamId }>;
  /** Somebody in the team who was not invited. */
  addMember(team: TeamId, role: TeamRole): Promise<AuthenticatedUser>;
  /** A user without a team. */
  addStranger(): Promise<AuthenticatedUser>;
  /** Team events since the last look, each with its recipients in order. */
  takeEvents(): readonly SeenEvent[];
}

export interface SeenEvent {
  readonly type: string;
  readonly data: unknown;
  readonly to: readonly UserId[];
  readonly transient: boolean;
}

export async function openTeamsRig(
  url: string,
  needs: Partial<TeamsNeeds> = {},
  brigNeeds: Partial<BrigNeeds> = {},
): Promise<TeamsRig> {
  await using opening = new AsyncDisposableStack();
  const zauthKeys = opening.adopt(await mkdtemp(join(tmpdir(), 'crosswire-teams-')), (path) =>
    rm(path, { recursive: true }),
  );
  const storage = opening.use(await openStorage({ url }));
  await empty(storage);
  const clock: Clock = { now: 1_800_000_000_000 };
  const now = () => clock.now;
  const pushes: Push[] = [];
  const events: TeamsNeeds['events'] = {
    push: async (work, push) => work.onCommit(() => pushes.push(push)),
  };
  const accounts = () => brig.forTeams;
  const queueIds = createNotificationIds(ownDomain);
  const conversations = { end: async () => undefined, part: async () => undefined };
  const callService = async () => ({ reached: false, reason: 'there are no services here' }) as const;
  const teams = opening.use(
    openTeams({ storage, events, accounts, conversations, callService, queueIds, now, ...needs }),
  );
  const brig: Brig = opening.use(
    await openBrig({
      ownDomain,
      storage,
      federation: undefined,
      remoteRules: noRemotes,
      mail: { log: true, from: 'noreply@a.example.com' },
      zauthKeys,
      now,
      events,
      teams: brigTeams(teams),
      onUserDeleted: [teams.userDeleted],
      ...brigNeeds,
    }),
  );
  const owned = opening.move();
  const { send } = createCaller(brig, [...teams.routes, ...teams.internalRoutes]);
  async function add(more: object): Promise<{ readonly user: AuthenticatedUser; readonly team?: TeamId }> {
    const email = `${randomUUID()}@example.com`;
    const { body } = await send(createUser, { body: { name: 'Somebody', email, password, ...more } });
    const user = { userId: body.id, clientId: undefined, connectionId: '1' };
    return { user, ...(body.team === undefined ? {} : { team: body.team }) };
  }
  return {
    brig,
    teams,
    storage,
    clock,
    pushes,
    send,
    async addOwner() {
      const { user, team } = await add({ team: { name: 'Builders', icon: 'default' } });
      return { owner: user, team: team as TeamId };
    },
    addStranger: async () => (await add({})).user,
    async addMember(team, role) {
      const { user } = await add({});
      const set = permissionsOf(role);
      const body = { member: { user: user.userId, permissions: { self: set, copy: set } } };
      await send(addTeamMember, { params: { tid: team }, body });
      return user;
    },
    takeEvents() {
      const taken = pushes.splice(0).filter(({ event }) => event.type.startsWith('team.'));
      return taken.map(({ event, recipients, transient = false }) => {
        const { type, data } = event as TeamEvent;
        return { type, data, to: recipients.map(({ user }) => user).toSorted(), transient };
      });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
