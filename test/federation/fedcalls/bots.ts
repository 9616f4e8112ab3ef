import assert from 'node:assert/strict';
import * as client from '#contract/client/bots.ts';
import { getUserClients } from '#contract/federation/brig.ts';
import { onConversationUpdated, onMessageSent } from '#contract/federation/galley.ts';
import { createUser, type NetworkBackend, openNetwork, openTestService, type TestUser } from '#testkit';
import { connect, createGroup, expectStatus, waitFor } from '../conversation-rig.ts';
import { addClient } from '../devices-rig.ts';
import { base64 } from '../messages-rig.ts';
import {
  type Bot,
  createProvider,
  createService,
  makesBots,
  type ServiceIds,
  sendAs,
} from '../services-rig.ts';
import { ask, type FederatedCallRow, type Stage, type Subject, says } from './play.ts';

/* A bot is on A, in a group with Bob of B; in another group of the two, bots come and go. */

interface Rig {
  readonly a: NetworkBackend;
  readonly alice: TestUser;
  readonly service: ServiceIds;
  readonly bot: Bot;
  readonly bob: string;
  readonly client: string;
  readonly group: string;
  readonly crowd: string;
  /** Ids of bots in the crowd. */
  readonly leavers: string[];
}

type Row = FederatedCallRow<Rig>;

const saying: Omit<Row, 'rpc'> = {
  route: client.sendBotMessage,
  call: ({ a, bot, bob, client: phone }) =>
    sendAs(bot, a, client.sendBotMessage.path, {
      body: { sender: bot.device.clientId, recipients: { [bob]: { [phone]: base64('hello') } } },
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
    coming(),
    going(),
  ],
  script: ({ bob, client: phone }) => [
    says(getUserClients, () => ({ [bob]: [{ id: phone, class: 'phone' }] })),
    says(onMessageSent, () => ({})),
    says(onConversationUpdated, () => ({})),
  ],
  reach: saying.call,
  open,
};

async function open(): Promise<Stage<Rig>> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork({ backends: 2 }));
  const testService = stack.use(await openTestService());
  const [a, other] = [network.backend(0), network.backend(1)];
  const alice = await createUser(a, { name: 'Alice' });
  const bob = await createUser(other, { name: 'Bob' });
  const { id: phone } = await addClient(bob, 1);
  await connect(alice, bob);
  const { id: group } = await createGroup(alice, [bob]);
  const { id: crowd } = await createGroup(alice, [bob]);
  const service = await createService(await createProvider(a), testService);
  const made = makesBots(testService);
  for (const cnv of [group, crowd, crowd])
    expectStatus(await ask(alice, client.addBot, { cnv }, { body: service }), 201);
  const [bot, ...others] = made;
  if (bot === undefined) throw new Error('the service has made no bot');
  // Otherwise it could be the remote that is told that they have come.
  await waitFor(bob, 'conversation.member-join', made.length);
  const leavers = others.map(({ id }) => id);
  const rig = { a, alice, service, bot, bob: bob.id, client: phone, group, crowd, leavers };
  const opened = stack.move();
  return { network, other, rig, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Another bot comes in each time. */
function coming(): Row {
  let came = '';
  return {
    route: client.addBot,
    rpc: onConversationUpdated,
    async call({ alice, service, crowd: cnv }) {
      const answer = await ask(alice, client.addBot, { cnv }, { body: service });
      came = String(answer.get('id'));
      return answer;
    },
    status: 201,
    whenDown: { status: 201 },
    carries: () => came,
  };
}

function going(): Row {
  let gone = '';
  return {
    route: client.removeBot,
    rpc: onConversationUpdated,
    call({ alice, crowd: cnv, leavers }) {
      gone = leavers.pop() ?? assert.fail('no bot is left that could go');
      return ask(alice, client.removeBot, { cnv, bot: gone });
    },
    status: 200,
    whenDown: { status: 200 },
    carries: () => gone,
  };
}
