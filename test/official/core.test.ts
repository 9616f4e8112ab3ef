import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';
import {
  bundleCore,
  type CoreUser,
  type Opening,
  openCoreUser,
  type Qualified,
  type UploadedFile,
} from './core-user.ts';

/*
 * Wire's own client core with its CoreCrypto, Alice on A and Bob on B: they log in, register a client, find each other,
 * connect, make groups, write to each other in Proteus and in MLS, exchange a file and start again. What the library needs of a
 * registry that lacks it stands in `docs/dependencies.md`; nothing else of it is patched.
 */

interface Member {
  readonly account: TestUser;
  readonly core: CoreUser;
  readonly id: Qualified;
  readonly client: string;
}

/** The versions from which the library reads a client as it is answered. */
const ways: readonly (readonly [string, Opening])[] = [
  ['on the legacy stream of version 7', { version: 7, legacy: true }],
  ['acknowledging in version 8', { version: 8, legacy: false }],
];

let folder: string;
let programme: string;
let network: TestNetwork;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crosswire-core-'));
  programme = await bundleCore(folder);
  network = await openNetwork({ backends: 2, set: { 'mls.offered': true } });
});
after(async () => {
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

for (const [way, opening] of ways) {
  describe(`Wire's client core on two backends, ${way}`, () => scenario(opening));
}

function scenario(opening: Opening): void {
  let alice: Member;
  let bob: Member;
  let group: Qualified;
  const handle = (name: string) => `${name}.v${opening.version}`;
  before(async () => {
    const open = async (backend: NetworkBackend, name: string): Promise<Member> => {
      const account = await createUser(backend, { name, handle: handle(name.toLowerCase()) });
      const core = openCoreUser(programme, backend);
      const { email, password } = account;
      const opened = await core.run({ do: 'open', email, password, ...opening });
      await core.live();
      const client = String(Reflect.get(Object(opened), 'clientId'));
      // What a page does when its window gets the focus, and otherwise at its next start.
      await core.call('service.mls.verifyRemoteMLSKeyPackagesAmount', client);
      return { account, core, client, id: { domain: account.domain, id: account.id } };
    };
    [alice, bob] = await Promise.all([open(network.backend(0), 'Alice'), open(network.backend(1), 'Bob')]);
  });
  after(async () => {
    await alice?.core[Symbol.asyncDispose]();
    await bob?.core[Symbol.asyncDispose]();
  });

  it('finds a user of the other backend and connects with it', async () => {
    const term = handle('bob');
    assert.deepEqual(await alice.core.run({ do: 'search', term, domain: bob.id.domain }), [bob.id.id]);
    await alice.core.call('apiClient.api.connection.postConnection', bob.id);
    await bob.core.event('the request', ({ event }) => event.type === 'user.connection');
    await bob.core.call('apiClient.api.connection.putConnection', alice.id, { status: 'accepted' });
    await alice.core.event(
      'the acceptance',
      ({ event }) =>
        event.type === 'user.connection' && Reflect.get(Object(event.connection), 'status') === 'accepted',
    );
  });

  it('makes a group and decrypts at the other end what was written, both ways', async () => {
    const made = await alice.core.call('service.conversation.createProteusConversation', {
      name: 'Across',
      access: ['invite'],
      access_role: ['team_member', 'non_team_member', 'guest'],
      qualified_users: [bob.id],
      receipt_mode: null,
      protocol: 'proteus',
    });
    const conversation = Reflect.get(Object(made), 'conversation');
    group = Reflect.get(Object(conversation), 'qualified_id') as Qualified;
    await bob.core.event('the group', ({ event }) => event.type === 'conversation.create');
    await alice.core.run({ do: 'send', conversation: group, text: 'Hello Bob' });
    await bob.core.event('the message', ({ text }) => text === 'Hello Bob');
    await bob.core.run({ do: 'send', conversation: group, text: 'Hello Alice' });
    await alice.core.event('the answer', ({ text }) => text === 'Hello Alice');
  });

  it('fetches and decrypts a file that the other has uploaded to its own backend', async () => {
    const text = 'a picture '.repeat(10_000);
    const file = (await alice.core.run({ do: 'upload', text })) as UploadedFile;
    assert.equal(file.domain, alice.id.domain);
    assert.equal(await bob.core.run({ do: 'download', file }), text);
  });

  it('starts again with its cookie, and gets once what was written meanwhile', async () => {
    await bob.core.run({ do: 'quit' });
    await alice.core.run({ do: 'send', conversation: group, text: 'While you were away' });
    const before = bob.core.events.length;
    await bob.core.run({ do: 'restart', ...opening });
    await bob.core.live();
    await bob.core.event('what was written', ({ text }) => text === 'While you were away');
    await alice.core.run({ do: 'send', conversation: group, text: 'Welcome back' });
    await bob.core.event('what comes live', ({ text }) => text === 'Welcome back');
    const messages = bob.core.events
      .slice(before)
      .filter(({ event }) => event.type === 'conversation.otr-message-add');
    assert.deepEqual(
      messages.map(({ text }) => text),
      ['While you were away', 'Welcome back'],
    );
    await bob.core.run({ do: 'send', conversation: group, text: 'Thanks' });
    await alice.core.event('the answer', ({ text }) => text === 'Thanks');
  });

  it('makes an MLS group and decrypts at the other end what was written, both ways', async () => {
    const wanted = {
      name: 'Across',
      access: ['invite'],
      access_role: ['team_member', 'non_team_member', 'guest'],
      qualified_users: [bob.id],
      receipt_mode: null,
      protocol: 'mls',
    };
    const made = await alice.core.call(
      'service.conversation.createMLSConversation',
      wanted,
      alice.id,
      alice.client,
    );
    await talkInMls(Reflect.get(Object(made), 'conversation'));
  });

  it('makes the MLS conversation of the two, whoever owns it', async () => {
    const shown = await alice.core.call('service.conversation.getMLS1to1Conversation', bob.id);
    const { conversation } = shown as { readonly conversation: unknown };
    const self = { user: alice.id, client: alice.client };
    await alice.core.call(
      'service.conversation.establishMLS1to1Conversation',
      Reflect.get(Object(conversation), 'group_id'),
      self,
      bob.id,
    );
    await talkInMls(conversation);
  });

  /** Both libraries are told which group a conversation has, as an app does that reads its conversations. */
  async function talkInMls(shown: unknown): Promise<void> {
    const conversation = Reflect.get(Object(shown), 'qualified_id') as Qualified;
    const groupId = String(Reflect.get(Object(shown), 'group_id'));
    for (const { core } of [alice, bob])
      await core.run({ do: 'group', conversation: conversation.id, groupId });
    // The library tells an app nothing of a welcome that it has joined a group by.
    await until('Bob to have joined', async () => {
      const joined = await bob.core.call('service.mls.isConversationEstablished', groupId);
      return joined === true ? true : undefined;
    });
    const [there, back] = [`Hello ${groupId}`, `Back ${groupId}`];
    await alice.core.run({ do: 'send', conversation, text: there });
    await bob.core.event('the message', ({ text }) => text === there);
    await bob.core.run({ do: 'send', conversation, text: back });
    await alice.core.event('the answer', ({ text }) => text === back);
  }

  it('leaves the group, and the other sees it', async () => {
    await bob.core.call('service.conversation.removeUserFromConversation', group, bob.id);
    const left = await alice.core.event(
      'the leave',
      ({ event }) => event.type === 'conversation.member-leave',
    );
    assert.deepEqual(Reflect.get(Object(left.event.data), 'qualified_user_ids'), [bob.id]);
  });
}
