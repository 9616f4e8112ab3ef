import { createUser, type NetworkBackend, request, type TestUser } from '#testkit';
import { expectStatus } from './conversation-rig.ts';

/** What the tests of legal hold share: teams that have it, and members who have consented. */

export interface HoldingTeam {
  readonly id: string;
  readonly owner: TestUser;
}

/** Makes a team with the feature on, whose owner has consented. */
export async function openHoldingTeam(backend: NetworkBackend): Promise<HoldingTeam> {
  const owner = await createUser(backend, { name: 'Owner', team: { name: 'Builders' } });
  const team = { id: String((await owner.send('/self')).get('team')), owner };
  const feature = { method: 'PUT', body: { status: 'enabled' } } as const;
  expectStatus(await owner.send(`/teams/${team.id}/features/legalhold`, feature), 200);
  await consent(team, owner);
  return team;
}

/** Makes a member who has consented. */
export async function addConsenting(backend: NetworkBackend, team: HoldingTeam): Promise<TestUser> {
  const user = await createUser(backend, { name: 'Held' });
  const body = { member: { user: user.id, permissions: { self: 1587, copy: 0 } } };
  expectStatus(await request(`${backend.internalApi}/i/teams/${team.id}/members`, { body }), 200);
  await consent(team, user);
  return user;
}

async function consent({ id }: HoldingTeam, user: TestUser): Promise<void> {
  expectStatus(await user.send(`/teams/${id}/legalhold/consent`, { method: 'POST' }), 201);
}
