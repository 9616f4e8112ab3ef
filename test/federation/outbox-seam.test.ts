import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { BackendDomain } from '#contract/ids.ts';
import type { ComponentRequest } from '#contract/rpc-transport.ts';
import { createComponentHttp } from '#federator';
import { openInternalListener } from '#gateway';

/** The delivery id passes the seam between a federator and components in another process. */

async function passed(deliveryId: string | undefined): Promise<ComponentRequest | undefined> {
  await using stack = new AsyncDisposableStack();
  const received: ComponentRequest[] = [];
  const listener = stack.use(
    await openInternalListener({
      listen: { host: '127.0.0.1', port: 0 },
      routes: [],
      serveFederation: {
        transport: {
          async send(request) {
            received.push(request);
            return { status: 200, contentType: 'application/json', body: Buffer.from('{}') };
          },
        },
        componentOf: () => 'galley',
      },
    }),
  );
  const components = stack.use(createComponentHttp({ galley: listener.url }));
  const answer = await components.send({
    component: 'galley',
    rpc: 'on-message-sent',
    originDomain: 'a.example.com' as BackendDomain,
    requestId: 'r-1',
    version: '1',
    deliveryId,
    body: Buffer.from('{}'),
    signal: new AbortController().signal,
  });
  for await (const _ of answer.body as AsyncIterable<Uint8Array>);
  return received[0];
}

it('hands the delivery id of a notification to components in another process', async () => {
  assert.equal((await passed('0190-7'))?.deliveryId, '0190-7');
});

it('hands over none when the sender, as wire-server, has none', async () => {
  assert.equal((await passed(undefined))?.deliveryId, undefined);
});
