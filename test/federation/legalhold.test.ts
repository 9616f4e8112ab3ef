import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  type LegalholdTestService,
  type NetworkBackend,
  openLegalholdService,
  openNetwork,
  request,
  type TestAnswer,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';
import {
  connect,
  createGroup,
  eventsOf,
  expectStatus,
  type Named,
  named,
  othersSeenBy,
  waitFor,
} from './conversation-rig.ts';
import { addConsenting, type HoldingTeam, openHoldingTeam } from './legalhold-rig.ts';
import { type Device, deviceOf, messageFrom, post } from './messages-rig.ts';

/*
 * Legal hold on A, whose members are together with users of B: B's users see the device, and what they say reaches it;
 * they see who leaves because of it, and are asked nothing themselves.
 */

interface Team extends HoldingTeam {
  readonly member: TestUser;
}

describe('legal hold on a backend', () => {
  let network: TestNetwork;
  let service: LegalholdTestService;
  let a: NetworkBackend;
  let b: NetworkBackend;

  before(async () => {
    network = await openNetwork({ backends: 2 });
    service = await openLegalholdService();
    a = network.backend(0);
    b = network.backend(1);
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  /** A team with the feature on, whose owner and member have consented. */
  async function openTeam(): Promise<Team> {
    const team = await openHoldingTeam(a);
    return { ...team, member: await addConsenting(a, team) };
  }

  const register = ({ id, owner }: Team, change: object = {}) =>
    owner.send(`/teams/${id}/legalhold/settings`, { body: { ...service.settings, ...change } });
  const hold = ({ id, member }: Team) => `/teams/${id}/legalhold/${member.id}`;
  const ask = (team: Team) => team.owner.send(hold(team), { method: 'POST' });
  async function approve(team: Team): Promise<TestAnswer> {
    const { member } = team;
    return member.send(`${hold(team)}/approve`, { method: 'PUT', body: { password: member.password } });
  }
  async function end(team: Team): Promise<TestAnswer> {
    const { owner } = team;
    return owner.send(hold(team), { method: 'DELETE', body: { password: owner.password } });
  }
  /** What somebody of B is shown of the member. */
  const seenFrom = async (user: TestUser, { member }: Team) => {
    const path = `/users/${a.domain}/${member.id}`;
    const clients = (await user.send(`${path}/clients`)).body as readonly { readonly class?: string }[];
    return {
      status: (await user.send(path)).get('legalhold_status'),
      classes: clients.map((client) => client.class),
    };
  };
  const relation = async (user: TestUser, other: TestUser) =>
    (await user.send(`/connections/${other.domain}/${other.id}`)).get('status');

  it('begins with a service that shows its key, at an address that the operator lets out', async () => {
    const team = await openTeam();
    await using other = await openLegalholdService();
    const refused = async (change: object) => {
      const answer = await register(team, change);
      return [answer.status, answer.get('label')];
    };
    const bad = [400, 'legalhold-status-bad'];
    assert.deepEqual(await refused({ public_key: other.settings.public_key }), bad);
    assert.deepEqual(await refused({ public_key: 'none' }), [400, 'legalhold-invalid-key']);
    assert.deepEqual(await refused({ base_url: `https://127.0.0.1:${a.ingress.port}` }), bad);
    assert.deepEqual(await refused({ base_url: 'https://192.168.255.1/legalhold' }), bad);
    assert.deepEqual(await refused({ base_url: 'https://169.254.169.254/latest' }), bad);
    const known = service.requests.length;
    assert.equal(
      (await team.owner.send(`/teams/${team.id}/legalhold/settings`)).get('status'),
      'not_configured',
    );
    assert.equal(service.requests.length, known);
    expectStatus(await register(team), 201);
  });

  it('lets the service hear what a user of another backend says, until it ends', async () => {
    const team = await openTeam();
    const { owner, member } = team;
    expectStatus(await register(team), 201);
    const bob = await createUser(b, { name: 'Bob' });
    await connect(owner, bob);
    await connect(member, bob);
    const conversation = await createGroup(owner, [member, bob], { team: { teamid: team.id } });
    const [own, held, theirs] = [await deviceOf(owner, a), await deviceOf(member, a), await deviceOf(bob, b)];
    assert.deepEqual(await seenFrom(bob, team), { status: 'disabled', classes: ['phone'] });
    expectStatus(await ask(team), 201);
    assert.deepEqual(await seenFrom(bob, team), { status: 'pending', classes: ['phone'] });
    expectStatus(await approve(team), 200);
    const seen = await seenFrom(bob, team);
    assert.deepEqual([seen.status, seen.classes.toSorted()], ['enabled', ['legalhold', 'phone']]);
    const status = await owner.send(hold(team));
    const { id: client } = status.get('client') as { readonly id: string };
    const path = `/users/${a.domain}/${member.id}/prekeys/${client}`;
    expectStatus(await bob.send(path), 200);

    // Bob's client forgets the device, is told of it, and sends again.
    const listener: Device = { user: member, client, backend: a };
    const say = (text: string, ...to: readonly Device[]) =>
      post(theirs, conversation, messageFrom(theirs, to, text));
    const forgotten = await say('too few', own, held);
    assert.equal(forgotten.status, 412);
    assert.deepEqual(forgotten.body.missing, { [a.domain]: { [member.id]: [client] } });
    assert.equal((await say('hello', own, held, listener)).status, 201);
    const token = String(service.requests.findLast(({ path: at }) => at === '/confirm')?.body.refresh_token);
    const login = await request(`${a.clientApi}/v5/access?client_id=${client}`, {
      method: 'POST',
      headers: { cookie: `zuid=${token}` },
    });
    expectStatus(login, 200);
    const authorization = `Bearer ${login.get('access_token')}`;
    const heard = await request(`${a.clientApi}/v5/notifications?client=${client}`, {
      headers: { authorization },
    });
    const list = expectStatus(heard, 200).get('notifications') as readonly {
      readonly payload: readonly { readonly type: string; readonly data?: { readonly recipient?: string } }[];
    }[];
    const messages = list
      .flatMap(({ payload }) => payload)
      .filter(({ type }) => type === 'conversation.otr-message-add');
    assert.deepEqual(
      messages.map(({ data }) => data?.recipient),
      [client],
    );

    expectStatus(await end(team), 200);
    assert.deepEqual(await seenFrom(bob, team), { status: 'disabled', classes: ['phone'] });
    const gone = await say('once more', own, held, listener);
    assert.equal(gone.status, 201);
    assert.deepEqual(gone.body.deleted, { [a.domain]: { [member.id]: [client] } });
  });

  it('has those leave who have not consented, and lets them come back when it ends', async () => {
    const team = await openTeam();
    const { owner, member } = team;
    expectStatus(await register(team), 201);
    const [guest, bob] = [await createUser(a, { name: 'Guest' }), await createUser(b, { name: 'Bob' })];
    await connect(owner, guest);
    await connect(member, guest);
    await connect(owner, bob);
    await connect(guest, bob);
    const ours = await createGroup(owner, [member, guest, bob], { team: { teamid: team.id } });
    const theirs = await createGroup(guest, [member, bob], { conversation_role: 'wire_member' });
    await until('Bob to be in both', async () => (await othersSeenBy(bob, theirs)).length === 2);
    expectStatus(await ask(team), 201);
    const leaves = await waitFor(bob, 'conversation.member-leave', 2);
    const left = (conversation: Named) =>
      leaves
        .filter(({ qualified_conversation: { id } }) => id === conversation.id)
        .map(({ qualified_from, data }) => [
          qualified_from.id,
          (data as { readonly reason: string; readonly qualified_user_ids: readonly Named[] }).reason,
          (data as { readonly qualified_user_ids: readonly Named[] }).qualified_user_ids,
        ]);
    assert.deepEqual(left(ours), [[guest.id, 'left', [named(guest)]]]);
    assert.deepEqual(left(theirs), [[member.id, 'left', [named(member)]]]);
    assert.deepEqual(await othersSeenBy(bob, ours), [owner.id, member.id].toSorted());
    assert.deepEqual(await othersSeenBy(bob, theirs), [guest.id]);
    assert.equal(await relation(member, guest), 'missing-legalhold-consent');
    assert.equal(await relation(guest, member), 'missing-legalhold-consent');
    assert.equal(await relation(owner, guest), 'accepted');
    const add = () =>
      owner.send(`/conversations/${a.domain}/${ours.id}/members`, {
        body: { qualified_users: [named(guest)], conversation_role: 'wire_member' },
      });
    const kept = expectStatus(await add(), 403);
    assert.equal(kept.get('label'), 'missing-legalhold-consent');
    expectStatus(await end(team), 200);
    assert.equal(await relation(guest, member), 'accepted');
    expectStatus(await add(), 200);
    await until('Bob to see the guest again', async () => (await othersSeenBy(bob, ours)).includes(guest.id));
    const reasons = (await eventsOf(bob)).filter(({ type }) => type === 'conversation.member-leave');
    assert.equal(reasons.length, 2);
  });

  it('ends for all when the team turns it off', async () => {
    const team = await openTeam();
    expectStatus(await register(team), 201);
    const bob = await createUser(b, { name: 'Bob' });
    expectStatus(await ask(team), 201);
    expectStatus(await approve(team), 200);
    assert.deepEqual(await seenFrom(bob, team), { status: 'enabled', classes: ['legalhold'] });
    const feature = { method: 'PUT', body: { status: 'disabled' } } as const;
    expectStatus(await team.owner.send(`/teams/${team.id}/features/legalhold`, feature), 200);
    assert.deepEqual(await seenFrom(bob, team), { status: 'disabled', classes: [] });
  });
});
