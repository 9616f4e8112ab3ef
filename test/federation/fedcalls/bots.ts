import { sendBotMessage } from '#contract/client/bots.ts';
import { getUserClients } from '#contract/federation/brig.ts';
import { onConversationUpdated, onMessageSent } from '#contract/federation/galley.ts';
import { createUser, type NetworkBackend, openNetwork, openTestService } from '#testkit';
import { connect, createGroup, expectStatus } from '../conversation-rig.ts';
import { addClient } from '../devices-rig.ts';
import { base64 } from '../messages-rig.ts';
import { type Bot, createProvider, createService, makesBots, sendAs } from '../services-rig.ts';
import { type FederatedCallRow, type Subject, says } from './play.ts';

/* A bot is on A, in a group with Bob of B. */

interface Rig {
  readonly a: NetworkBackend;
  readonly bot: Bot;
  readonly bob: string;
  readonly client: string;
  readonly group: string;
}

const saying: Omit<FederatedCallRow<Rig>, 'rpc'> = {
  route: sendBotMessage,
  call: ({ a, bot, bob, client }) =>
    sendAs(bot, a, sendBotMessage.path, {
      body: { sender: bot.device.clientId, recipients: { [bob]: { [client]: base64('hello') } } },
    }),
  status: 201,
  whenDown: { status: 201 },
};

/** The rows of bots. */
export const bots: Subject<Rig> = {
  name: 'bots',
  rows: [
    { ...saying, rpc: getUserClients },
    { ...saying, rpc: onMessageSent, carries: ({ group }) => group },
  ],
  script: ({ bob, client }) => [
    says(getUserClients, () => ({ [bob]: [{ id: client, class: 'phone' }] })),
    says(onMessageSent, () => ({})),
    // That the bot has joined.
    says(onConversationUpdated, () => ({})),
  ],
  reach: saying.call,
  async open() {
    const stack = new AsyncDisposableStack();
    const network = stack.use(await openNetwork({ backends: 2 }));
    const service = stack.use(await openTestService());
    const [a, other] = [network.backend(0), network.backend(1)];
    const alice = await createUser(a, { name: 'Alice' });
    const bob = await createUser(other, { name: 'Bob' });
    const { id: client } = await addClient(bob, 1);
    await connect(alice, bob);
    const { id: group } = await createGroup(alice, [bob]);
    const body = await createService(await createProvider(a), service);
    const made = makesBots(service);
    expectStatus(await alice.send(`/conversations/${group}/bots`, { body }), 201);
    const [bot] = made;
    if (bot === undefined) throw new Error('the service has made no bot');
    const rig = { a, bot, bob: bob.id, client, group };
    return { network, other, rig, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  },
};
