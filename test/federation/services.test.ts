import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import {
  type ClaimedPrekey,
  createKey,
  createUser,
  makePrekeys,
  type NetworkBackend,
  openNetwork,
  openTestService,
  ProteusDevice,
  type TestAnswer,
  type TestNetwork,
  type TestService,
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
  pathOf,
  waitFor,
} from './conversation-rig.ts';
import {
  type Bot,
  createProvider,
  createService,
  makesBots,
  type Provider,
  type ServiceIds,
  seeFileKept,
  sendAs,
  setConnection,
  toldTo,
} from './services-rig.ts';

/*
 * Bots of a service, over a real HTTPS service with a pinned key: Alice of A has a group with Bob of B, and puts a bot
 * into it, which reads and writes as everybody does. What the service does not take waits for it.
 */

interface Member {
  readonly id: string;
  readonly service?: object;
}

const byNumber = (one: number, other: number) => one - other;

for (const storage of ['sqlite', 'postgres'] as const)
  describe(`bots, on ${storage}`, () => botsSuite(storage));

function botsSuite(storage: 'sqlite' | 'postgres'): void {
  const stack = new AsyncDisposableStack();
  let network: TestNetwork;
  let a: NetworkBackend;
  let alice: TestUser;
  let bob: TestUser;
  let bobs: ProteusDevice;
  let service: TestService;
  let provider: Provider;
  let ids: ServiceIds;
  let bots: readonly Bot[];
  let group: Named;

  before(async () => {
    network = stack.use(await openNetwork({ backends: 2, storage, set: { 'throttling.enabled': false } }));
    service = stack.use(await openTestService());
    a = network.backend(0);
    alice = await createUser(a, { name: 'Alice' });
    bob = await createUser(network.backend(1), { name: 'Bob' });
    bobs = await ProteusDevice.register(bob);
    await connect(alice, bob);
    provider = await createProvider(a);
    ids = await createService(provider, service);
    bots = makesBots(service);
    group = await createGroup(alice, [bob]);
  });
  after(() => stack.disposeAsync());

  const addTo = (conversation: Named, change: Readonly<Record<string, unknown>> = {}, user = alice) =>
    user.send(`/conversations/${conversation.id}/bots`, { body: { ...ids, ...change } });
  const added = async (conversation: Named): Promise<Bot> => {
    const answer = expectStatus(await addTo(conversation), 201);
    const bot = bots.find(({ id }) => id === answer.get('id'));
    assert.ok(bot);
    return bot;
  };
  const conversationOf = (bot: Bot) => (bot.request.conversation as { readonly id: string }).id;
  const refusal = ({ status, get }: TestAnswer) => [status, get('label')];
  const told = (bot: Bot, type: string, count = 1) =>
    until(`the service to be told ${count} of ${type}`, () => {
      const some = toldTo(service, bot).filter((event) => event.type === type);
      return some.length >= count ? some : undefined;
    });
  const othersOf = async (user: TestUser, conversation: Named) => {
    const { members } = expectStatus(await user.send(pathOf(conversation)), 200).body as {
      readonly members: { readonly others: readonly Member[] };
    };
    return members.others;
  };

  it('join as admins, and members of every backend see them', async () => {
    const answer = expectStatus(await addTo(group, { locale: 'de' }), 201);
    const [bot] = bots;
    assert.ok(bot);
    assert.equal(answer.get('id'), bot.id);
    assert.equal(answer.get('client'), bot.device.clientId);
    assert.equal(answer.get('name'), 'Echo');
    assert.equal(service.calls[0]?.authorization, 'Bearer between-us');
    assert.equal(bot.request.locale, 'de');
    assert.equal((bot.request.origin as { readonly id: string }).id, alice.id);
    const users = [
      { id: bot.id, qualified_id: { domain: a.domain, id: bot.id }, conversation_role: 'wire_admin' },
    ];
    for (const user of [alice, bob]) {
      const [join] = await waitFor(user, 'conversation.member-join');
      assert.deepEqual(join?.data, { users, user_ids: [bot.id] });
      const member: Member | undefined = (await othersOf(user, group)).find(({ id }) => id === bot.id);
      assert.deepEqual(member?.service, { id: ids.service, provider: ids.provider });
      const profile = expectStatus(await user.send(`/users/${a.domain}/${bot.id}`), 200);
      assert.deepEqual(profile.get('service'), { id: ids.service, provider: ids.provider });
    }
    const [event] = await told(bot, 'conversation.member-join');
    assert.equal(event?.from, alice.id);
  });

  it('write to members of other backends, who answer', async () => {
    const [bot] = bots;
    assert.ok(bot);
    const from = { sender: bot.device.clientId };
    const first = await sendAs(bot, a, '/bot/messages', { body: { ...from, recipients: {} } });
    assert.equal(first.status, 412);
    assert.deepEqual(first.get('missing'), { [bob.id]: [bobs.clientId] });
    const claimed = await sendAs(bot, a, '/bot/users/prekeys', { body: first.get('missing') });
    const keys = expectStatus(claimed, 200).body as Record<string, Record<string, ClaimedPrekey>>;
    const prekey = keys[bob.id]?.[bobs.clientId];
    assert.ok(prekey);
    bot.device.meet('bob', prekey);
    const recipients = {
      [bob.id]: { [bobs.clientId]: bot.device.encrypt('bob', 'I am a bot').toString('base64') },
    };
    const sent = await sendAs(bot, a, '/bot/messages', { body: { ...from, recipients } });
    assert.deepEqual(expectStatus(sent, 201).get('missing'), {});
    const [message] = await waitFor(bob, 'conversation.otr-message-add');
    assert.deepEqual(message?.qualified_from, { domain: a.domain, id: bot.id });
    const { text } = message.data as { readonly text: string };
    assert.equal(await bobs.decrypt('bot', Buffer.from(text, 'base64')), 'I am a bot');

    await writeAsBob(bot, 'I am not');
    const [heard] = await told(bot, 'conversation.otr-message-add');
    assert.ok(heard);
    assert.equal(heard.from, bob.id);
    const answered = (heard.data as { readonly text: string }).text;
    assert.equal(await bot.device.decrypt('bob', Buffer.from(answered, 'base64')), 'I am not');
  });

  /** To the bot, which has answered before. */
  async function writeAsBob(bot: Bot, text: string): Promise<void> {
    const texts = new Map([[bot.device.clientId as ClientId, bobs.encrypt('bot', text).toString('base64')]]);
    const bytes = writeQualifiedMessage({
      sender: bobs.clientId as ClientId,
      recipients: new Map([[a.domain as BackendDomain, new Map([[bot.id as UserId, texts]])]]),
      strategy: { tag: 'report-all' },
      nativePush: true,
      nativePriority: undefined,
      transient: false,
      data: undefined,
    });
    const sent = await bob.send(`${pathOf(group)}/proteus/messages`, {
      raw: { type: 'application/x-protobuf', bytes },
    });
    expectStatus(sent, 201);
  }

  it('know themselves, their conversation, its people and their own keys', async () => {
    const [bot] = bots;
    assert.ok(bot);
    const get = async (path: string) => expectStatus(await sendAs(bot, a, path), 200);
    assert.equal((await get('/bot/self')).get('id'), bot.id);
    const conversation = await get('/bot/conversation');
    assert.equal(conversation.get('id'), group.id);
    const members = conversation.get('members') as readonly { readonly qualified_id: Named }[];
    assert.deepEqual(
      members.map(({ qualified_id }) => qualified_id),
      [named(alice), named(bob)],
    );
    assert.equal((await get('/bot/client')).get('id'), bot.device.clientId);
    const left = (await get('/bot/client/prekeys')).body as readonly number[];
    assert.ok(left.includes(65_535));
    const body = { prekeys: makePrekeys(1000, 2) };
    expectStatus(await sendAs(bot, a, '/bot/client/prekeys', { body }), 200);
    assert.deepEqual((await get('/bot/client/prekeys')).body, [...left, 1000, 1001].toSorted(byNumber));
    const malformed = { prekeys: [{ id: 1, key: 'none' }] };
    const refused = await sendAs(bot, a, '/bot/client/prekeys', { body: malformed });
    assert.deepEqual(refusal(refused), [400, 'bad-request']);
    const [seen] = (await get(`/bot/users?ids=${alice.id},${randomUUID()}`)).body as readonly object[];
    assert.deepEqual(seen, { id: alice.id, name: 'Alice', accent_id: 0 });
    assert.deepEqual((await get(`/bot/users/${alice.id}/clients`)).body, []);
  });

  it('have files, which users read', async () => {
    const [bot] = bots;
    assert.ok(bot);
    await seeFileKept((path, options) => sendAs(bot, a, path, options), '/bot/assets', alice);
  });

  it('wait while their service is away, and get everything in order when it is back', async () => {
    const bot = await added(await createGroup(alice, [bob], { name: 'away' }));
    await told(bot, 'conversation.member-join');
    const path = `/conversations/${a.domain}/${conversationOf(bot)}`;
    await service.stop();
    const names = ['one', 'two', 'three'];
    for (const name of names)
      expectStatus(await alice.send(`${path}/name`, { method: 'PUT', body: { name } }), 200);
    await network.kill(a);
    await network.start(a);
    await service.start();
    const renames = await told(bot, 'conversation.rename', names.length);
    assert.deepEqual(
      renames.map(({ data }) => data),
      names.map((name) => ({ name })),
    );
  });

  it('are tried again when their service fails, and pass over what it does not want', async () => {
    const bot = await added(await createGroup(alice, [], { name: 'failing' }));
    await told(bot, 'conversation.member-join');
    const rename = (name: string) =>
      alice.send(`/conversations/${a.domain}/${conversationOf(bot)}/name`, { method: 'PUT', body: { name } });
    const normally = service.answer;
    const statuses = [503, 404, 400];
    service.answer = () => ({ status: statuses.shift() ?? 200 });
    await rename('unwanted');
    await rename('wanted');
    const [event] = await told(bot, 'conversation.rename');
    assert.deepEqual(event?.data, { name: 'wanted' });
    assert.deepEqual(statuses, []);
    service.answer = normally;
  });

  it('leave by whoever takes them out, and their service is told last of that', async () => {
    const conversation = await createGroup(alice, [bob], { name: 'removal' });
    const bot = await added(conversation);
    const removed = await alice.send(`/conversations/${conversation.id}/bots/${bot.id}`, {
      method: 'DELETE',
    });
    assert.equal(
      (expectStatus(removed, 200).get('event') as { readonly type: string }).type,
      'conversation.member-leave',
    );
    const left = await told(bot, 'conversation.member-leave');
    assert.deepEqual(toldTo(service, bot).at(-1), left[0]);
    await until('Bob to see it gone', async () => (await othersOf(bob, conversation)).length === 1);
    await until('the account to end', async () => {
      const profile = await alice.send(`/users/${a.domain}/${bot.id}`);
      return profile.get('deleted') === true;
    });
    const again = await alice.send(`/conversations/${conversation.id}/bots/${bot.id}`, { method: 'DELETE' });
    assert.equal(again.status, 204);
    const late = await sendAs(bot, a, '/bot/messages', {
      body: { sender: bot.device.clientId, recipients: {} },
    });
    assert.deepEqual(refusal(late), [404, 'no-conversation']);
    assert.deepEqual(refusal(await sendAs(bot, a, `/bot/users?ids=${alice.id}`)), [403, 'access-denied']);
    await until('the bot to be forgotten', async () => {
      const self = await sendAs(bot, a, '/bot/self', { method: 'DELETE' });
      return self.get('label') === 'invalid-bot';
    });
  });

  it('leave by themselves, with the access of services, and when their service has forgotten them', async () => {
    const leaves = async (end: (bot: Bot, conversation: Named) => Promise<unknown>) => {
      const conversation = await createGroup(alice, [bob], { name: 'leaving' });
      const bot = await added(conversation);
      await told(bot, 'conversation.member-join');
      await end(bot, conversation);
      for (const user of [alice, bob])
        await until(`${user.name} to see it gone`, async () =>
          (await othersOf(user, conversation)).every(({ id }) => id !== bot.id),
        );
    };
    await leaves(async (bot) => expectStatus(await sendAs(bot, a, '/bot/self', { method: 'DELETE' }), 200));
    await leaves(async (_, conversation) => {
      const body = { access: ['invite'], access_role: ['team_member', 'non_team_member'] };
      expectStatus(await alice.send(`${pathOf(conversation)}/access`, { method: 'PUT', body }), 200);
    });
    await leaves(async (_, conversation) => {
      const normally = service.answer;
      service.answer = (call) => (call.path.endsWith('/messages') ? { status: 410 } : normally(call));
      await alice.send(`${pathOf(conversation)}/name`, { method: 'PUT', body: { name: 'gone' } });
      await until('it to be gone', async () => (await othersOf(alice, conversation)).length === 1);
      service.answer = normally;
    });
  });

  it('are refused where they may not be', async () => {
    const closed = await createGroup(alice, [bob], { access_role: ['team_member', 'non_team_member'] });
    assert.deepEqual(refusal(await addTo(closed)), [403, 'invalid-conversation']);
    assert.deepEqual(refusal(await addTo({ domain: a.domain, id: randomUUID() })), [404, 'no-conversation']);
    const amy = await createUser(a, { name: 'Amy' });
    await connect(alice, amy);
    const open = await createGroup(alice, [amy], { conversation_role: 'wire_member' });
    assert.deepEqual(refusal(await addTo(open, {}, amy)), [403, 'access-denied']);
    const stranger = await createUser(a, { name: 'Stranger' });
    assert.deepEqual(refusal(await addTo(open, {}, stranger)), [404, 'no-conversation']);
    assert.deepEqual(refusal(await addTo(open, { service: randomUUID() })), [404, 'not-found']);
    assert.deepEqual(refusal(await addTo(open, { provider: randomUUID() })), [404, 'not-found']);
    assert.equal((await othersOf(alice, open)).length, 1);
  });

  it('are refused while their service is disabled, away, or not the one whose key is known', async () => {
    const conversation = await createGroup(alice, [bob]);
    await setConnection(provider, ids.service, { enabled: false });
    assert.deepEqual(refusal(await addTo(conversation)), [403, 'service-disabled']);
    await setConnection(provider, ids.service, { enabled: true });
    await service.stop();
    assert.deepEqual(refusal(await addTo(conversation)), [502, 'bad-gateway']);
    await service.start(createKey('RSA-2048'));
    const count = bots.length;
    assert.deepEqual(refusal(await addTo(conversation)), [502, 'bad-gateway']);
    assert.equal(bots.length, count, 'nothing was said to a service with another key');
    await service.stop();
    await service.start();
    const normally = service.answer;
    for (const [status, body, expected] of [
      [409, {}, [409, 'too-many-bots']],
      [200, {}, [502, 'bad-gateway']],
      [201, { prekeys: [] }, [502, 'bad-gateway']],
      [201, { prekeys: [], last_prekey: { id: 65_535, key: 'none' } }, [502, 'bad-gateway']],
    ] as const) {
      service.answer = () => ({ status, body });
      assert.deepEqual(refusal(await addTo(conversation)), expected);
    }
    service.answer = normally;
    assert.equal((await othersOf(alice, conversation)).length, 1);
    assert.equal((await eventsOf(bob)).filter(({ type }) => type === 'conversation.delete').length, 0);
  });

  it('come into a team’s conversations only with its consent, and go with it', async () => {
    const owner = await createUser(a, { name: 'Owner', team: { name: 'Team' } });
    const team = String((await owner.send('/self')).get('team'));
    await connect(owner, bob);
    const conversation = await createGroup(owner, [bob], { team: { teamid: team, managed: false } });
    assert.deepEqual(refusal(await addTo(conversation, {}, owner)), [403, 'service-not-whitelisted']);
    const whitelist = (whitelisted: boolean, user = owner) =>
      user.send(`/teams/${team}/services/whitelist`, {
        body: { id: ids.service, provider: ids.provider, whitelisted },
      });
    assert.deepEqual(refusal(await whitelist(true, alice)), [403, 'insufficient-permissions']);
    assert.equal((await whitelist(true)).status, 200);
    assert.equal((await whitelist(true)).status, 204);
    const listed = expectStatus(await owner.send(`/teams/${team}/services/whitelisted`), 200);
    assert.equal((listed.get('services') as readonly object[]).length, 1);
    expectStatus(await addTo(conversation, {}, owner), 201);
    assert.equal((await othersOf(owner, conversation)).length, 2);
    assert.equal((await whitelist(false)).status, 200);
    assert.equal((await whitelist(false)).status, 204);
    assert.equal((await othersOf(owner, conversation)).length, 1);
  });

  it('end with their service', async () => {
    const other = await createService(provider, service);
    const conversation = await createGroup(alice, [bob]);
    const answer = expectStatus(await addTo(conversation, { ...other }), 201);
    const body = { password: provider.password };
    const path = `/provider/services/${other.service}`;
    const wrong = await provider.send(path, { method: 'DELETE', body: { password: 'not-that-one' } });
    assert.deepEqual(refusal(wrong), [403, 'invalid-credentials']);
    expectStatus(await provider.send(path, { method: 'DELETE', body }), 202);
    await until('the bot to leave', async () => (await othersOf(bob, conversation)).length === 1);
    await until('the account to end', async () => {
      const profile = await alice.send(`/users/${a.domain}/${answer.get('id')}`);
      return profile.get('deleted') === true;
    });
  });
}
