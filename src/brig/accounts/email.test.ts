import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEmail } from './email.ts';

describe('e-mail addresses', () => {
  const keys: readonly [text: string, key: string][] = [
    ['bob@example.com', 'bob@example.com'],
    ['Bob@Example.COM', 'bob@example.com'],
    ['bob+1@example.com', 'bob@example.com'],
    ['bob+1+2@example.com', 'bob@example.com'],
    ['+bob@example.com', '+bob@example.com'],
    ['bob+1@wire.com', 'bob+1@wire.com'],
    ['Bob+1@WearEzeta.com', 'bob+1@wearezeta.com'],
    ['success+a@simulator.amazonses.com', 'success+a@simulator.amazonses.com'],
    ["o'neill.x_y-z@sub.example.com", "o'neill.x_y-z@sub.example.com"],
  ];
  for (const [text, key] of keys) {
    it(`knows ${text} by the key ${key} and shows it as given`, () => {
      const email = parseEmail(text);
      assert.equal(email?.key, key);
      assert.equal(email?.text, text);
    });
  }

  const wrong = [
    '',
    'bob',
    '@example.com',
    'bob@',
    'bob@localhost',
    'bob@-example.com',
    'bob@example.c0m\n',
    'bob@@example.com',
    'bob smith@example.com',
    '.bob@example.com',
    'bob.@example.com',
    'bob..x@example.com',
    'bob\r\nBcc: eve@example.com',
    '"bob"@example.com',
    'bøb@example.com',
    `${'b'.repeat(89)}@example.com`,
  ];
  for (const text of wrong) {
    it(`does not take ${JSON.stringify(text.slice(0, 30))} for one`, () =>
      assert.equal(parseEmail(text), undefined));
  }

  it('may have 100 characters', () => {
    assert.notEqual(parseEmail(`${'b'.repeat(88)}@example.com`), undefined);
  });
});
