import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseOverride, withOverrides } from './overrides.ts';

describe('network --set', () => {
  it('reads a key and a JSON value', () => {
    assert.deepEqual(parseOverride('federation.dns.servers=["127.0.0.1:5399"]'), {
      key: 'federation.dns.servers',
      value: ['127.0.0.1:5399'],
    });
  });

  it('refuses a value that is no JSON and shows how to quote it', () => {
    assert.throws(() => parseOverride('federation.strategy=allowAll'), /federation\.strategy='"allowAll"'/);
  });

  it('refuses an argument without a key', () => {
    assert.throws(() => parseOverride('{}'), /expected KEY=JSON/);
  });

  it('sets a value inside groups, makes missing ones and leaves the rest', () => {
    const before = { federation: { strategy: 'allowAll', dns: { timeoutMs: 1 } } };
    const after = withOverrides(before, [
      { key: 'federation.dns.servers', value: [] },
      { key: 'mls.enabled', value: false },
    ]);
    assert.deepEqual(after, {
      federation: { strategy: 'allowAll', dns: { timeoutMs: 1, servers: [] } },
      mls: { enabled: false },
    });
    assert.deepEqual(before, { federation: { strategy: 'allowAll', dns: { timeoutMs: 1 } } });
  });
});
