import { after, before, describe, it } from 'node:test';
import { getUserClients } from '#contract/federation/brig.ts';
import { onConversationUpdated, onMessageSent } from '#contract/federation/galley.ts';
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  openTestService,
  type RemoteBackend,
  type TestNetwork,
  until,
} from '#testkit';
import { connect, createGroup, expectStatus } from './conversation-rig.ts';
import { addClient } from './devices-rig.ts';
import { type FederatedCall, recorder, rowName, says, seeArriving, seeDown } from './fedcalls-rig.ts';
import { type Bot, createProvider, createService, makesBots, sendAs } from './services-rig.ts';

/* The rows of bots: a bot is on A, in a group with Bob of B; B is killed, and a recorder answers in its place. */

interface Rig {
  readonly a: NetworkBackend;
  readonly bot: Bot;
  readonly bob: string;
  readonly client: string;
}

const call = ({ a, bot, bob, client }: Rig) => {
  const recipients = { [bob]: { [client]: Buffer.from('hello').toString('base64') } };
  return sendAs(bot, a, '/bot/messages', { body: { sender: bot.device.clientId, recipients } });
};
const shared = { route: 'post /bot/messages', call, status: 201, whenDown: { status: 201 } } as const;
const rows: readonly FederatedCall<Rig>[] = [
  { ...shared, rpc: getUserClients, isQueued: false },
  { ...shared, rpc: onMessageSent, isQueued: true },
];

describe('federated calls of bots', () => {
  const stack = new AsyncDisposableStack();
  let network: TestNetwork;
  let rig: Rig;
  let remote: RemoteBackend;

  const script = () => [
    says(getUserClients, () => ({ [rig.bob]: [{ id: rig.client, class: 'phone' }] })),
    says(onMessageSent, () => ({})),
    // That the bot has joined.
    says(onConversationUpdated, () => ({})),
  ];
  before(async () => {
    network = stack.use(await openNetwork({ backends: 2 }));
    const service = stack.use(await openTestService());
    const [a, b] = [network.backend(0), network.backend(1)];
    const alice = await createUser(a, { name: 'Alice' });
    const bob = await createUser(b, { name: 'Bob' });
    const { id: client } = await addClient(bob, 1);
    await connect(alice, bob);
    const group = await createGroup(alice, [bob]);
    const body = await createService(await createProvider(a), service);
    const bots = makesBots(service);
    expectStatus(await alice.send(`/conversations/${group.id}/bots`, { body }), 201);
    const [bot] = bots;
    if (bot === undefined) throw new Error('the service has made no bot');
    rig = { a, bot, bob: bob.id, client };
    await network.kill(b);
    remote = await recorder(network, b, script());
    // A call is not tried at once again after it has failed by the end of B.
    await until('A to have found the recorder', async () => {
      await call(rig);
      return remote.received.some(({ name }) => name.endsWith(getUserClients.name));
    });
  });
  after(() => stack.disposeAsync());

  for (const row of rows) it(rowName(row), () => seeArriving(rig, remote, row));

  it('are taken while the remote is down, and arrive when it is back', async () => {
    await remote[Symbol.asyncDispose]();
    for (const row of rows) await seeDown(rig, row);
    await using again = await recorder(network, network.backend(1), script());
    await until('the messages to arrive', () => {
      const arrived = again.received.filter(({ name }) => name.endsWith(onMessageSent.name));
      return arrived.length >= rows.length;
    });
  });
});
