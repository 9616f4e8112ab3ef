import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BackendDomain, type ClientId, parseBackendDomain, parseUuid, type UserId } from '../ids.ts';
import { maxCiphertextBytes, type NewMessage } from '../messages.ts';
import { Refusal } from '../refusal.ts';
import { readLegacyMessage, readQualifiedMessage, writeLegacyMessage, writeQualifiedMessage } from './otr.ts';

/** Bytes are worked out by hand from the encoding's specification: `field << 3 | wire type`, lengths, varints. */

const domain = parseBackendDomain('b.example.com') as BackendDomain;
const alice = parseUuid('00112233-4455-6677-8899-aabbccddeeff') as UserId;
const uuid = '00112233445566778899aabbccddeeff';
const domainHex = '0a0d622e6578616d706c652e636f6d';

const text = (value: string) => Buffer.from(value).toString('base64');
const bytes = (...hex: readonly string[]) => Buffer.from(hex.join(''), 'hex');

/** Sender `2a`, one ciphertext "hi" for client `1f4` of the user, report all. */
const sender = '0a02082a';
const clientEntry = '12090a0308f40312026869';
const userEntry = `0a120a10${uuid}${clientEntry}`;
const userEntryLength = '1f';
const domainEntryLength = '30';
const domainEntry = `12${domainEntryLength}${domainHex}12${userEntryLength}${userEntry}`;
const reportAll = '3a00';

const expected: NewMessage = {
  sender: '2a' as ClientId,
  recipients: new Map([[domain, new Map([[alice, new Map([['1f4' as ClientId, text('hi')]])]])]]),
  nativePush: true,
  nativePriority: undefined,
  transient: false,
  data: '',
  strategy: { tag: 'report-all' },
};

function read(...hex: readonly string[]): NewMessage {
  return readQualifiedMessage(bytes(...hex));
}

describe('a qualified message', () => {
  it('is read from bytes that another implementation would write', () => {
    const message = read(sender, domainEntry, reportAll);
    assert.deepEqual(message, expected);
  });

  it('has flags, priority and data', () => {
    const message = read(sender, '1800', '22020102', '2801', '3001', reportAll);
    assert.equal(message.nativePush, false);
    assert.equal(message.data, Buffer.from([1, 2]).toString('base64'));
    assert.equal(message.nativePriority, 'low');
    assert.equal(message.transient, true);
    assert.equal(message.recipients.size, 0);
    assert.equal(read(sender, '2802', reportAll).nativePriority, 'high');
  });

  it('has one of four strategies, of which the last counts', () => {
    const user = `0a33${'0a24'}${Buffer.from(alice).toString('hex')}120b${Buffer.from('b.example.c').toString('hex')}`;
    assert.deepEqual(read(sender, '4200').strategy, { tag: 'ignore-all' });
    assert.deepEqual(read(sender, `4a35${user}`).strategy, {
      tag: 'report-only',
      users: [{ domain: 'b.example.c', id: alice }],
    });
    assert.deepEqual(read(sender, reportAll, `5235${user}`).strategy.tag, 'ignore-only');
    const twice = read(sender, `4a35${user}`, `4a35${user}`).strategy;
    assert.equal('users' in twice && twice.users.length, 2);
  });

  it('has client ids of the whole range', () => {
    const largest = read('0a0b08ffffffffffffffffff01', reportAll);
    assert.equal(largest.sender, 'ffffffffffffffff');
    assert.equal(read('0a06088080808010', reportAll).sender, '100000000');
    assert.equal(read('0a020800', reportAll).sender, '0');
  });

  it('joins what is said of one user in several places; the last ciphertext of a client counts', () => {
    const again = `12${domainEntryLength}${domainHex}12${userEntryLength}0a120a10${uuid}12090a0308f40312027968`;
    const { recipients } = read(sender, domainEntry, again, reportAll);
    assert.deepEqual(recipients.get(domain)?.get(alice), new Map([['1f4', text('yh')]]));
  });

  it('may have fields that nobody knows', () => {
    const unknown = ['7807', '7a0178', '790000000000000000', '7d00000000'];
    assert.equal(read(sender, ...unknown, reportAll).sender, '2a');
  });

  it('is what is written', () => {
    const full: NewMessage = {
      ...expected,
      nativePush: false,
      transient: true,
      nativePriority: 'low',
      data: text('blob'),
      strategy: { tag: 'ignore-only', users: [{ domain, id: alice }] },
    };
    assert.deepEqual(readQualifiedMessage(writeQualifiedMessage(full)), full);
  });
});

const malformed: readonly (readonly [string, readonly string[]])[] = [
  ['has no bytes', []],
  ['has no sender', [reportAll]],
  ['has a sender without id', ['0a00', reportAll]],
  ['has no strategy', [sender]],
  ['is cut off in a length', [sender, '12']],
  ['is cut off in a field', [sender, '1230', domainHex]],
  ['is cut off in a number', ['0a02088a']],
  ['has a number longer than 64 bits', ['0a0b0880808080808080808002', reportAll]],
  ['has a number without end', ['0a0c08ffffffffffffffffffffff', reportAll]],
  ['has a length beyond 32 bits', [sender, '12ffffffff7f', reportAll]],
  ['has a number where a message belongs', ['082a', reportAll]],
  ['has bytes where a number belongs', [sender, '1a00', reportAll]],
  ['has a group', [sender, '7b7c', reportAll]],
  ['has a field with the number 0', [sender, '0000', reportAll]],
  ['has a recipient without domain', [sender, `1221${'121f'}${userEntry}`, reportAll]],
  ['has a domain that is none', [sender, '12070a05782d2e2d79', reportAll]],
  ['has a user id of 15 bytes', [sender, `1213${'12110a0f0a0d'}${'00'.repeat(13)}`, reportAll]],
  ['has an entry without user', [sender, `121c${domainHex}120b${clientEntry}`, reportAll]],
  ['has a priority that is none', [sender, '2803', reportAll]],
  ['names a user who is none', [sender, '4a050a030a0178']],
  ['is text', [Buffer.from('{"sender":"2a"}').toString('hex')]],
];

for (const [what, hex] of malformed) {
  it(`refuses a message that ${what}`, () => {
    assert.throws(
      () => read(...hex),
      (error) => error instanceof Refusal && error.key === 'bad-request' && /^body\./.test(error.message),
    );
  });
}

it('refuses ciphertexts above the limit and takes those at it', () => {
  const of = (size: number): NewMessage => ({
    ...expected,
    recipients: new Map([
      [domain, new Map([[alice, new Map([['1' as ClientId, Buffer.alloc(size).toString('base64')]])]])],
    ]),
  });
  const read = (size: number) => readQualifiedMessage(writeQualifiedMessage(of(size)));
  assert.equal(read(maxCiphertextBytes).recipients.size, 1);
  assert.throws(() => read(maxCiphertextBytes + 1), { key: 'bad-request' });
});

it('refuses with the label that it is told', () => {
  assert.throws(() => readQualifiedMessage(bytes(reportAll), 'invalid-payload'), { key: 'invalid-payload' });
});

it('reads and writes the legacy form, whose recipients have no domain', () => {
  const reportMissing = `3a120a10${uuid}`;
  const message = readLegacyMessage(bytes(sender, `12${userEntryLength}${userEntry}`, reportMissing), domain);
  assert.deepEqual(message.recipients, expected.recipients);
  assert.deepEqual(message.reportMissing, [alice]);
  assert.equal(message.data, undefined);
  assert.deepEqual(readLegacyMessage(writeLegacyMessage(message), domain), message);
});

it('never throws anything but a refusal, whatever bytes are changed or left out', () => {
  const whole = bytes(sender, domainEntry, '1800', '22020102', '2801', reportAll);
  for (let at = 0; at < whole.length; at += 1) {
    for (const value of [0x00, 0x7f, 0x80, 0xff]) {
      const changed = Buffer.from(whole);
      changed[at] = value;
      for (const variant of [changed, whole.subarray(0, at)]) {
        try {
          readQualifiedMessage(variant);
        } catch (error) {
          assert.ok(error instanceof Refusal, String(error));
        }
      }
    }
  }
});
