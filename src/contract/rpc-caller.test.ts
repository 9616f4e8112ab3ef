import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { getUsersByIds, searchUsers } from './federation/brig.ts';
import type { BackendDomain } from './ids.ts';
import type { LabelKey } from './labels.ts';
import { olderInput, rpc } from './rpc.ts';
import { createFederationCaller, federationDisabled } from './rpc-caller.ts';
import type { RpcRequest, RpcResponse, RpcTransport } from './rpc-transport.ts';

const a = 'a.example.com' as BackendDomain;
const b = 'b.example.com' as BackendDomain;
const json = { 'content-type': 'application/json' };

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

const respond = (status: number, value: unknown, session?: RpcResponse['session']): RpcResponse => ({
  status,
  headers: json,
  body: once(JSON.stringify(value)),
  session,
});
const versions = (supported: readonly number[], session?: number) =>
  respond(200, { supported_versions: supported, supported: [0, 1] }, session);

/** A transport that answers from a script and keeps what it was sent. */
function scripted(...script: ((request: RpcRequest) => RpcResponse)[]) {
  const sent: RpcRequest[] = [];
  const transport: RpcTransport = {
    async send(request) {
      sent.push(request);
      const next = script.shift();
      assert.ok(next, `an unexpected call of ${request.rpc}`);
      return next(request);
    },
  };
  return { sent, transport };
}

const callerOf = (transport: RpcTransport, now?: () => number) =>
  createFederationCaller({
    ownDomain: a,
    transport,
    maxAnswerBytes: 1000,
    versionMaxAgeMs: 60_000,
    now,
  });
const sentRpcs = (sent: readonly RpcRequest[]) => sent.map((request) => request.rpc);

test('asks for versions first, then calls with the newest common one', async () => {
  const { sent, transport } = scripted(
    () => versions([0, 1, 7], 3),
    () => respond(200, [], 3),
  );
  await callerOf(transport).call(b, getUsersByIds, [], { requestId: 'r-1' });
  assert.deepEqual(sentRpcs(sent), ['api-version', 'get-users-by-ids']);
  assert.equal(sent[0]?.headers['x-wire-api-version'], undefined);
  assert.deepEqual(sent[1]?.headers, {
    accept: 'application/json',
    'wire-origin-domain': a,
    'wire-origin-request-id': 'r-1',
    'x-wire-api-version': '1',
  });
  assert.equal(sent[1]?.session, 3);
});

test('remembers versions while the sessions live, and no longer than their age', async () => {
  let now = 0;
  const { sent, transport } = scripted(
    () => versions([1], 1),
    () => respond(200, [], 1),
    () => respond(200, [], 1),
    () => versions([1], 1),
    () => respond(200, [], 1),
  );
  const caller = callerOf(transport, () => now);
  await caller.call(b, getUsersByIds, []);
  await caller.call(b, getUsersByIds, []);
  now = 60_001;
  await caller.call(b, getUsersByIds, []);
  assert.deepEqual(
    sentRpcs(sent).map((name) => name === 'api-version'),
    [true, false, false, true, false],
  );
});

test('sends a remote bundles only while it takes them', async () => {
  let now = 0;
  const told = (bundles: boolean) =>
    respond(200, { supported_versions: [1], supported: [], crosswire: { bundles } }, 1);
  const { sent, transport } = scripted(
    () => told(true),
    () => respond(200, { results: [] }, 1),
    () => told(false),
  );
  const caller = callerOf(transport, () => now);
  const deliver = () => caller.deliverBundle(b, () => ({ notifications: [] }));
  assert.deepEqual(await deliver(), []);
  now = 60_001;
  assert.equal(await deliver(), undefined);
  assert.deepEqual(sentRpcs(sent), ['api-version', 'deliver-notifications', 'api-version']);
});

test('asks for versions again when the sessions to the remote were lost', async () => {
  const { sent, transport } = scripted(
    () => versions([0, 1], 1),
    () => respond(200, null, 'lost'),
    () => versions([0], 2),
    () => respond(200, [], 2),
  );
  await callerOf(transport).call(b, getUsersByIds, []);
  assert.equal(sent[3]?.headers['x-wire-api-version'], '0');
});

test('asks for versions again when the remote does not know the RPC any more', async () => {
  const unknown = { code: 533, label: 'federation-remote-error', message: 'm', inner: { code: 404 } };
  const { sent, transport } = scripted(
    () => versions([0, 1], 1),
    () => respond(533, unknown, 1),
    () => versions([0], 1),
    () => respond(200, [], 1),
  );
  await callerOf(transport).call(b, getUsersByIds, []);
  assert.equal(sent.length, 4);
});

test('one question for versions serves all who wait for it', async () => {
  const { sent, transport } = scripted(
    () => versions([1], 1),
    () => respond(200, [], 1),
    () => respond(200, [], 1),
  );
  const caller = callerOf(transport);
  await Promise.all([caller.call(b, getUsersByIds, []), caller.call(b, getUsersByIds, [])]);
  assert.equal(sent.length, 3);
});

test('writes the older payload for a remote that speaks only the older version', async () => {
  const renamed = rpc('brig', 'renamed-field', {
    about: 'A call whose field had another name in version 0.',
    input: Type.Object({ now: Type.String() }),
    output: Type.Object({}),
    older: olderInput(1, Type.Object({ was: Type.String() }), {
      read: (old): { now: string } => ({ now: old.was }),
      write: (current: { now: string }) => ({ was: current.now }),
    }),
  });
  const { sent, transport } = scripted(
    () => versions([0]),
    () => respond(200, {}),
  );
  await callerOf(transport).call(b, renamed, { now: 'x' });
  assert.equal(Buffer.from(sent[1]?.body ?? []).toString(), '{"was":"x"}');
});

const versionFailures: readonly (readonly [string, unknown, RegExp])[] = [
  ['is too new', { supported_versions: [2, 3], supported: [0] }, /too new/],
  ['is too old', { supported_versions: [], supported: [0] }, /too old/],
  ['answers garbage', { supported: 'x' }, /invalid version information/],
];
for (const [what, answer, message] of versionFailures) {
  test(`a remote that ${what} is a version error`, async () => {
    const { transport } = scripted(() => respond(200, answer));
    await assert.rejects(callerOf(transport).call(b, getUsersByIds, []), {
      label: 'federation-version-error',
      status: 533,
      message,
    });
  });
}

interface Failure {
  readonly what: string;
  readonly answer: () => RpcResponse;
  readonly key: LabelKey | 'odd-label';
  readonly status: number;
}
const data = { type: 'federation', domain: b, path: '/federation/search-users' };
const failures: readonly Failure[] = [
  {
    what: 'a refusal of the own federator',
    answer: () => respond(403, { code: 403, label: 'invalid-endpoint', message: 'm' }),
    key: 'federation-local-error',
    status: 500,
  },
  {
    what: 'a policy refusal',
    answer: () => respond(400, { code: 400, label: 'federation-denied', message: 'm' }),
    key: 'federation-denied',
    status: 400,
  },
  {
    what: 'an unknown label',
    answer: () => respond(533, { code: 533, label: 'odd-label', message: 'm' }),
    key: 'odd-label',
    status: 533,
  },
  {
    what: 'an error that is not JSON',
    answer: () => ({ status: 502, headers: {}, body: once('<html>') }),
    key: 'unknown-federation-error',
    status: 502,
  },
  {
    what: 'a body of another form',
    answer: () => respond(200, { contacts: 1 }),
    key: 'federation-invalid-body',
    status: 533,
  },
  {
    what: 'an answer over the limit',
    answer: () => respond(200, 'x'.repeat(2000)),
    key: 'federation-invalid-body',
    status: 533,
  },
  {
    what: 'another content type',
    answer: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: once('x') }),
    key: 'federation-unsupported-content-type',
    status: 533,
  },
  {
    what: 'an unreadable content type',
    answer: () => ({ status: 200, headers: { 'content-type': '///' }, body: once('x') }),
    key: 'federation-invalid-content-type',
    status: 533,
  },
];
for (const { what, answer, key, status } of failures) {
  test(`${what} becomes ${status} ${key}`, async () => {
    const { transport } = scripted(() => versions([1]), answer);
    await assert.rejects(callerOf(transport).call(b, searchUsers, { term: 'bob' }), (error) => {
      const body = (error as { body(): Record<string, unknown> }).body();
      assert.equal(body.code, status);
      assert.equal(body.label, key);
      if (key !== 'federation-local-error') assert.deepEqual(body.data, data);
      return true;
    });
  });
}

test('keeps what the remote answered as inner error', async () => {
  const inner = { code: 400, label: 'federation-denied', message: 'not in the list' };
  const { transport } = scripted(() =>
    respond(533, { code: 533, label: 'federation-remote-error', message: 'm', inner }),
  );
  await assert.rejects(callerOf(transport).call(b, searchUsers, { term: 'bob' }), (error) => {
    assert.deepEqual((error as { body(): { inner: unknown } }).body().inner, inner);
    return true;
  });
});

test('a federator that cannot be asked is federation-not-available', async () => {
  const transport: RpcTransport = { send: () => Promise.reject(new Error('connect ECONNREFUSED')) };
  await assert.rejects(callerOf(transport).call(b, getUsersByIds, []), {
    label: 'federation-not-available',
    status: 500,
  });
});

test('without a federator every call is refused', async () => {
  await assert.rejects(federationDisabled.call(b, getUsersByIds, []), { label: 'federation-not-enabled' });
});
