import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conversationTypes } from './conversations.ts';
import { type ConversationId, parseBackendDomain, parseUuid } from './ids.ts';
import { decodeGroupId, encodeGroupId, type MlsGroup } from './mls-group-id.ts';

function conversationAt(domain: string, id: string): MlsGroup['conversation'] {
  const parsed = { domain: parseBackendDomain(domain), id: parseUuid<ConversationId>(id) };
  if (parsed.domain === undefined || parsed.id === undefined) throw new Error('no conversation');
  return { domain: parsed.domain, id: parsed.id };
}

const group = conversationAt('a.example.com', 'd13dbe58-d4e3-450f-9c0c-1e632f548740');
const oneToOne = conversationAt('b.example.com', '02e052f5-f806-5d35-b4bf-aa223f2068c0');

/** The vectors of reference federation-api 8.4. */
const vectors: readonly (readonly [string, MlsGroup, string])[] = [
  [
    'a conversation',
    { type: conversationTypes.group, conversation: group, subconversation: undefined },
    'AAEAANE9vljU40UPnAweYy9Uh0AAYS5leGFtcGxlLmNvbQ==',
  ],
  [
    'a subconversation',
    {
      type: conversationTypes.group,
      conversation: group,
      subconversation: { id: 'conference', generation: 0 },
    },
    'AAEAANE9vljU40UPnAweYy9Uh0AKY29uZmVyZW5jZQAAAABhLmV4YW1wbGUuY29t',
  ],
  [
    'a one-to-one conversation',
    { type: conversationTypes.oneToOne, conversation: oneToOne, subconversation: undefined },
    'AAEAAgLgUvX4Bl01tL+qIj8gaMAAYi5leGFtcGxlLmNvbQ==',
  ],
];

describe('MLS group ids', () => {
  for (const [what, meaning, text] of vectors) {
    it(`write and read ${what} as the reference does`, () => {
      assert.equal(encodeGroupId(meaning).toString('base64'), text);
      assert.deepEqual(decodeGroupId(Buffer.from(text, 'base64')), meaning);
    });
  }

  it('count the resets of a subconversation', () => {
    const subconversation = { id: 'conference', generation: 0x01020304 };
    const meaning = { type: conversationTypes.group, conversation: group, subconversation };
    assert.deepEqual(decodeGroupId(encodeGroupId(meaning)), meaning);
  });

  it('of another version are told from broken ones', () => {
    const [, , text] = vectors[0] ?? assert.fail();
    const bytes = Buffer.from(text, 'base64');
    const versionTwo = Buffer.from(bytes);
    versionTwo.writeUInt16BE(2, 0);
    assert.equal(decodeGroupId(versionTwo), 'unsupported groupId version');
    assert.equal(decodeGroupId(Buffer.alloc(0)), 'unsupported groupId version');
    for (let length = 2; length < 24; length += 1) {
      assert.equal(typeof decodeGroupId(bytes.subarray(0, length)), 'string', `${length} bytes`);
    }
  });

  it('with an unknown type or a subconversation of another type than group are broken', () => {
    const [, , text] = vectors[1] ?? assert.fail();
    for (const type of [1, 9]) {
      const bytes = Buffer.from(text, 'base64');
      bytes.writeUInt16BE(type, 2);
      assert.equal(decodeGroupId(bytes), 'invalid groupId');
    }
  });
});
