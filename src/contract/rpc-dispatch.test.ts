import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { getUsersByIds } from './federation/brig.ts';
import type { BackendDomain } from './ids.ts';
import { refuse } from './refusal.ts';
import { olderInput, type RpcContext, rpc, serveRpcs } from './rpc.ts';
import { createDispatcher } from './rpc-dispatch.ts';
import type { ComponentRequest } from './rpc-transport.ts';

const declarations = {
  getUsersByIds,
  newer: rpc('brig', 'newer', {
    about: 'A call that came with version 1.',
    since: 1,
    input: Type.Object({}),
    output: Type.Object({}),
  }),
  renamed: rpc('brig', 'renamed', {
    about: 'A call whose field had another name in version 0.',
    input: Type.Object({ now: Type.String() }),
    output: Type.String(),
    older: olderInput(1, Type.Object({ was: Type.String() }), {
      read: (old): { now: string } => ({ now: old.was }),
      write: (current: { now: string }) => ({ was: current.now }),
    }),
  }),
  broken: rpc('brig', 'broken', { about: 'Throws.', input: Type.Unknown(), output: Type.Object({}) }),
  refusing: rpc('brig', 'refusing', { about: 'Refuses.', input: Type.Unknown(), output: Type.Object({}) }),
};

const notified = rpc('brig', 'notified', {
  about: 'Something that may come in crowds.',
  delivery: 'queued',
  input: Type.Object({ number: Type.Integer() }),
  output: Type.Object({}),
});

/** Sends bodies of notifications together, and one by one. */
function openCrowd(together: (numbers: readonly number[]) => void) {
  const bugs: unknown[] = [];
  const handler = {
    together: async (calls: readonly { readonly input: { readonly number: number } }[]) =>
      together(calls.map(({ input }) => input.number)),
  };
  const dispatcher = createDispatcher(
    [
      ...serveRpcs({ notified }, { notified: handler }),
      ...serveRpcs({ getUsersByIds }, { getUsersByIds: () => [] }),
    ],
    { onBug: (error) => bugs.push(error) },
  );
  const requestOf = (body: string, rpcName = notified.name): ComponentRequest => ({
    component: 'brig',
    rpc: rpcName,
    originDomain: 'a.example.com' as BackendDomain,
    requestId: 'r',
    version: '1',
    body: Buffer.from(body),
    signal: new AbortController().signal,
  });
  return { bugs, dispatcher, requestOf };
}

async function ask(rpcName: string, body: string, version?: string) {
  const bugs: unknown[] = [];
  const seen: { context: RpcContext; input: unknown }[] = [];
  const dispatcher = createDispatcher(
    serveRpcs(declarations, {
      getUsersByIds: (context, input) => {
        seen.push({ context, input });
        return [];
      },
      newer: () => ({}),
      renamed: (_context, input) => input.now,
      broken: () => {
        throw new Error('secret detail');
      },
      refusing: () => {
        throw refuse('not-found:user');
      },
    }),
    { onBug: (error) => bugs.push(error) },
  );
  const request: ComponentRequest = {
    component: 'brig',
    rpc: rpcName,
    originDomain: 'a.example.com' as BackendDomain,
    requestId: 'r',
    version,
    body: Buffer.from(body),
    signal: new AbortController().signal,
  };
  const response = await dispatcher.send(request);
  const text = Buffer.from(response.body as Uint8Array).toString();
  return { status: response.status, body: JSON.parse(text) as Record<string, unknown>, bugs, seen };
}

test('hands the parsed input and the admitted origin to the handler', async () => {
  const { status, seen } = await ask('get-users-by-ids', '["69F66843-6CF1-48FB-8C05-1CF58C23566A"]', '1');
  assert.equal(status, 200);
  assert.deepEqual(seen[0]?.input, ['69f66843-6cf1-48fb-8c05-1cf58c23566a']);
  assert.equal(seen[0]?.context.origin, 'a.example.com');
  assert.equal(seen[0]?.context.version, 1);
});

test('refuses an input of another form and names the field', async () => {
  const { status, body, seen } = await ask('get-users-by-ids', '["x"]');
  assert.equal(status, 400);
  assert.equal(body.label, 'bad-request');
  assert.match(String(body.message), /^body\.0: .*found a string of 1 characters/);
  assert.equal(seen.length, 0);
});

test('an unknown RPC is 404', async () => {
  assert.equal((await ask('no-such-rpc', '{}')).body.label, 'no-endpoint');
});

test('an RPC is absent at versions before it came, present from then on', async () => {
  assert.equal((await ask('newer', '{}', '0')).status, 404);
  assert.equal((await ask('newer', '{}')).status, 404);
  assert.equal((await ask('newer', '{}', '1')).status, 200);
  assert.equal((await ask('newer', '{}', '9')).status, 200);
});

test('reads the payload of the version that the caller speaks', async () => {
  assert.equal((await ask('renamed', '{"was":"x"}', 'v1')).body, 'x');
  assert.equal((await ask('renamed', '{"now":"x"}', '1')).body, 'x');
  assert.equal((await ask('renamed', '{"now":"x"}', '0')).status, 400);
});

test('a refusal keeps its status and label', async () => {
  const { status, body, bugs } = await ask('refusing', '[]');
  assert.deepEqual([status, body.label, bugs.length], [404, 'not-found', 0]);
});

test('a bug is reported and answered without detail', async () => {
  const { status, body, bugs } = await ask('broken', '[]');
  assert.deepEqual([status, body.label, bugs.length], [500, 'server-error', 1]);
  assert.doesNotMatch(JSON.stringify(body), /secret/);
});

test('hands notifications to their handler at once, and one alone to the same', async () => {
  const seen: (readonly number[])[] = [];
  const { dispatcher, requestOf } = openCrowd((numbers) => seen.push(numbers));
  const bodies = ['{"number":1}', '{"number":2}'];
  assert.equal(await dispatcher.sendTogether(bodies.map((body) => requestOf(body))), true);
  assert.equal((await dispatcher.send(requestOf('{"number":3}'))).status, 200);
  assert.deepEqual(seen, [[1, 2], [3]]);
});

test('says that nothing was done when one of them is malformed or refused, or all are of another RPC', async () => {
  const seen: (readonly number[])[] = [];
  const { bugs, dispatcher, requestOf } = openCrowd((numbers) => {
    if (numbers.includes(3)) throw refuse('not-found:user');
    seen.push(numbers);
  });
  const send = (...bodies: readonly string[]) =>
    dispatcher.sendTogether(bodies.map((body) => requestOf(body)));
  assert.equal(await send('{"number":1}', '{'), false);
  assert.equal(await send('{"number":1}', '{"number":"x"}'), false);
  assert.equal(await send('{"number":1}', '{"number":3}'), false);
  assert.equal(await dispatcher.sendTogether([]), false);
  const questions = ['[]', '[]'].map((body) => requestOf(body, getUsersByIds.name));
  assert.equal(await dispatcher.sendTogether(questions), false);
  assert.deepEqual([seen, bugs], [[], []]);
});

test('reports a bug of a handler that was given many', async () => {
  const { bugs, dispatcher, requestOf } = openCrowd(() => {
    throw new Error('secret detail');
  });
  assert.equal(await dispatcher.sendTogether([requestOf('{"number":1}'), requestOf('{"number":2}')]), false);
  assert.equal(bugs.length, 1);
});
