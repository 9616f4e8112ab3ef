import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  logIn,
  type NetworkBackend,
  openNetwork,
  request,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';

/* Teams on a real network: people join by mail, and what goes is seen by members' contacts on another backend. */

interface Team {
  readonly id: string;
  readonly owner: TestUser;
}

interface SeenEvent {
  readonly type: string;
  readonly conversation?: string;
  readonly qualified_from?: { readonly id: string };
}

describe('teams', () => {
  let network: TestNetwork;
  let a: NetworkBackend;
  let b: NetworkBackend;

  before(async () => {
    network = await openNetwork({ backends: 2 });
    a = network.backend(0);
    b = network.backend(1);
  });
  after(() => network[Symbol.asyncDispose]());

  async function foundTeam(): Promise<Team> {
    const owner = await createUser(a, { name: 'Owner', team: { name: 'Builders' } });
    return { id: String((await owner.send('/self')).get('team')), owner };
  }

  /** Somebody who has accepted an invitation. */
  async function join({ id, owner }: Team, name: string, role = 'member'): Promise<TestUser> {
    const email = `${name.toLowerCase()}-${id.slice(0, 8)}@mail.example.com`;
    const invited = await owner.send(`/teams/${id}/invitations`, { method: 'POST', body: { email, role } });
    assert.equal(invited.status, 201);
    const query = new URLSearchParams({ team: id, invitation_id: String(invited.get('id')) });
    const code = await request(`${a.internalApi}/i/teams/invitation-code?${query}`);
    const body = { name, email, password: owner.password, team_code: code.get('code') };
    const made = await request(`${a.clientApi}/v5/register`, { body });
    assert.deepEqual([made.status, made.get('team')], [201, id]);
    return logIn(a, { email, password: owner.password, name });
  }

  async function connect(one: TestUser, other: TestUser): Promise<void> {
    await one.send(`/connections/${other.domain}/${other.id}`, { method: 'POST' });
    await other.send(`/connections/${one.domain}/${one.id}`, { method: 'POST' });
  }

  /** A conversation of the team with these users. */
  async function talk({ id, owner }: Team, ...users: readonly TestUser[]): Promise<string> {
    const made = await owner.send('/conversations', {
      method: 'POST',
      body: {
        team: { teamid: id },
        qualified_users: users.map(({ domain, id: user }) => ({ domain, id: user })),
      },
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return String(made.get('id'));
  }

  async function eventsOf(user: TestUser): Promise<readonly SeenEvent[]> {
    const answer = await user.send('/notifications?size=1000');
    const list = answer.get('notifications') as readonly { readonly payload: readonly SeenEvent[] }[];
    return list.flatMap(({ payload }) => payload);
  }

  const hasEvent = async (user: TestUser, type: string, conversation?: string) =>
    (await eventsOf(user)).some((event) => event.type === type && event.conversation === conversation);

  it('grow by invitations, and show who is in them', async () => {
    const team = await foundTeam();
    const member = await join(team, 'Member');
    const found = await member.send(`/teams/${team.id}/members`);
    const members = found.get('members') as readonly { readonly user: string }[];
    assert.deepEqual(
      members.map(({ user }) => user),
      [team.owner.id, member.id].toSorted(),
    );
    assert.equal((await member.send(`/teams/${team.id}`)).get('name'), 'Builders');
    const queue = await team.owner.send('/teams/notifications');
    assert.equal((queue.get('notifications') as readonly object[]).length, 1);
  });

  it('tell other backends of the end of a conversation', async () => {
    const team = await foundTeam();
    const bob = await createUser(b, { name: 'Bob' });
    await connect(team.owner, bob);
    const conversation = await talk(team, bob);
    const path = `/teams/${team.id}/conversations/${conversation}`;
    await until('Bob to be in it', async () => hasEvent(bob, 'conversation.create', conversation));
    assert.deepEqual((await team.owner.send(path)).body, { conversation, managed: false });
    assert.equal((await team.owner.send(path, { method: 'DELETE' })).status, 200);
    await until('Bob to learn of it', async () => hasEvent(bob, 'conversation.delete', conversation));
    assert.equal((await bob.send(`/conversations/${a.domain}/${conversation}`)).status, 404);
  });

  it('lose members, whose contacts and conversations elsewhere see them go', async () => {
    const team = await foundTeam();
    const member = await join(team, 'Leaver');
    const bob = await createUser(b, { name: 'Bob' });
    await connect(team.owner, bob);
    await connect(member, bob);
    const conversation = await talk(team, member, bob);
    const path = `/teams/${team.id}/members/${member.id}`;
    const body = { password: team.owner.password };
    assert.equal((await team.owner.send(path, { method: 'DELETE', body })).status, 202);
    await until('Bob to learn of the deletion', async () => hasEvent(bob, 'user.delete'));
    await until('Bob to see the member leave', async () =>
      hasEvent(bob, 'conversation.member-leave', conversation),
    );
    assert.equal((await bob.send(`/users/${a.domain}/${member.id}`)).get('deleted'), true);
  });

  it('are found from elsewhere by name as they and both backends allow', async () => {
    const owner = await createUser(a, { name: 'Zebulon', team: { name: 'Builders' } });
    const team = String((await owner.send('/self')).get('team'));
    const alone = await createUser(b, { name: 'Alone' });
    const mate = await createUser(b, { name: 'Mate', team: { name: 'Guests' } });
    const theirs = String((await mate.send('/self')).get('team'));
    const found = async (user: TestUser) => (await user.search('zebulon', a.domain)).get('found');
    const open = (status: string) =>
      owner.send(`/teams/${team}/features/searchVisibilityInbound`, { method: 'PUT', body: { status } });
    /** What one backend says of the other. */
    const say = (own: NetworkBackend, other: NetworkBackend, restriction: object) =>
      request(`${own.internalApi}/i/federation/remotes/${other.domain}`, {
        method: 'PUT',
        body: { domain: other.domain, search_policy: 'full_search', restriction },
      });
    const everybody = { tag: 'allow_all', value: null };
    const only = (id: string) => ({ tag: 'restrict_by_team', value: [id] });
    assert.equal(await found(alone), 0);
    assert.equal((await open('enabled')).status, 200);
    assert.equal(await found(alone), 1);
    assert.equal((await say(a, b, only(theirs))).status, 200);
    await until('the searchers to need that team', async () => (await found(alone)) === 0);
    assert.equal(await found(mate), 1);
    await say(b, a, only(theirs));
    await until('the found to need another team', async () => (await found(mate)) === 0);
    await say(b, a, only(team));
    await until('the found to be in that team', async () => (await found(mate)) === 1);
    await say(a, b, everybody);
    await say(b, a, everybody);
    await open('disabled');
    assert.equal(await found(mate), 0);
  });

  it('go as a whole, with conversations and accounts, also when the backend dies in the middle', async () => {
    const team = await foundTeam();
    const members: TestUser[] = [];
    for (const name of ['One', 'Two', 'Three', 'Four']) members.push(await join(team, name));
    const [bob, guest] = [await createUser(b, { name: 'Bob' }), await createUser(a, { name: 'Guest' })];
    await connect(team.owner, bob);
    await connect(team.owner, guest);
    for (const member of members) await connect(member, bob);
    const conversation = await talk(team, ...members, guest, bob);
    await network.kill(b);
    const body = { password: team.owner.password };
    const removed = await team.owner.send(`/teams/${team.id}`, { method: 'DELETE', body });
    assert.equal(removed.status, 202);
    await network.kill(a);
    await network.start(a);
    await network.start(b);
    await until('the guest to learn of the end', async () =>
      hasEvent(guest, 'conversation.delete', conversation),
    );
    await until('Bob to learn of the end', async () => hasEvent(bob, 'conversation.delete', conversation));
    await until('Bob to learn of all deletions', async () => {
      const gone = (await eventsOf(bob)).filter(({ type }) => type === 'user.delete');
      return gone.length === members.length + 1;
    });
    for (const { id } of [team.owner, ...members])
      assert.equal((await bob.send(`/users/${a.domain}/${id}`)).get('deleted'), true);
    const left = (await eventsOf(guest)).filter(({ type }) => type === 'conversation.member-leave');
    assert.deepEqual(left, []);
    const ended = (await eventsOf(bob)).filter(({ type }) => type === 'conversation.delete');
    assert.equal(ended.filter((event) => event.conversation === conversation).length, 1);
  });
});
