import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '#contract/refusal.ts';
import { judge, judgeRemoteError } from './verdict.ts';

const answered = (code: number, label: string, message = '') => judgeRemoteError({ code, label, message });

test('what the component of a remote refuses is set aside', () => {
  for (const [code, label] of [
    [400, 'bad-request'],
    [400, 'unknown-error'],
    [403, 'invalid-op'],
    [404, 'no-endpoint'],
    [413, 'body-too-large'],
  ] as const)
    assert.equal(answered(code, label, 'text').kind, 'dead', `${code} ${label}`);
});

test('what the federator or the ingress of a remote refuses makes the remote wait', () => {
  for (const [code, label, message] of [
    [400, 'federation-denied', ''],
    [403, 'authentication-failure', ''],
    [422, 'invalid-domain', ''],
    [429, 'too-many-requests', ''],
    [502, 'unknown-error', '<html>'],
    [503, 'unknown-error', '<html>'],
    [400, 'unknown-error', '<html><title>400 No required SSL certificate was sent'],
    [404, 'unknown-error', '\n<html>'],
  ] as const)
    assert.equal(answered(code, label, message).kind, 'remote', `${code} ${label}`);
});

test('what fails in the component of a remote makes its lane wait', () => {
  assert.equal(answered(500, 'server-error').kind, 'lane');
  assert.equal(answered(533, 'federation-remote-error').kind, 'lane');
});

test('a remote that cannot be reached is away; one that we deny, or whose versions we do not speak, is refused', () => {
  const pace = (key: Parameters<typeof refuse>[0]) => {
    const verdict = judge(refuse(key));
    return verdict.kind === 'remote' ? verdict.pace : verdict.kind;
  };
  for (const key of ['federation-connection-refused', 'federation-tls-error', 'discovery-failure'] as const)
    assert.equal(pace(key), 'away', key);
  for (const key of ['federation-denied', 'federation-version-error'] as const)
    assert.equal(pace(key), 'refused', key);
  assert.equal(pace('body-too-large'), 'dead');
  assert.equal(pace('federation-invalid-body'), 'lane');
  assert.equal(judge(new Error('a bug')).kind, 'lane');
});
