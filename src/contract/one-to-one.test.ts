import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackendDomain, UserId } from './ids.ts';
import { localOneToOneConversation, oneToOneConversation } from './one-to-one.ts';

function user(id: string, domain: string) {
  return { id: id as UserId, domain: domain as BackendDomain };
}

const alice = user('6562d941-4f40-4db4-b96e-56a06d71c2c3', 'alpha.example');
const bob = user('2a3d4b5c-1111-4222-8333-444455556666', 'beta.example');
const d389 = user('d389b370-5f7d-4efd-9f9a-8d525540ad93', 'a.example.com');
const bOf = user('69f66843-6cf1-48fb-8c05-1cf58c23566a', 'b.example.com');
const a1669 = user('1669240c-c510-43e0-bf1a-33378fa4ba55', 'a.example.com');

/** Reference client-api 3.4 and federation-api 8.3. */
const vectors = [
  {
    pair: [alice, bob],
    proteus: 'b3e6c8f8-c0ea-5e54-a540-39680aa36a6f@alpha.example',
    mls: 'db96325d-44ee-5d0f-9e34-3fb9754d940f@alpha.example',
  },
  {
    pair: [d389, bOf],
    proteus: '3b8981fc-b15d-5baf-9e1c-862708691260@a.example.com',
    mls: '02e052f5-f806-5d35-b4bf-aa223f2068c0@b.example.com',
  },
  {
    pair: [a1669, bOf],
    proteus: '7efc24b8-712a-548a-8a09-551694a2765d@b.example.com',
    mls: '3b320a64-c76c-56a6-b22e-400b577f9bb6@a.example.com',
  },
  {
    pair: [a1669, d389],
    proteus: '64dacbda-b0c4-5de8-b6aa-da4a5ea2302a@a.example.com',
    mls: '7f732b3b-43b2-51ac-82ce-cd1fc6773a36@a.example.com',
  },
] as const;

describe('one-to-one conversations', () => {
  for (const { pair, proteus, mls } of vectors)
    it(`of ${pair[0].id} and ${pair[1].id} have the id and owner of the reference, in either order`, () => {
      for (const [one, other] of [pair, [pair[1], pair[0]]] as const) {
        const found = (['proteus', 'mls'] as const).map((protocol) => {
          const { id, domain } = oneToOneConversation(protocol, one, other);
          return `${id}@${domain}`;
        });
        assert.deepEqual(found, [proteus, mls]);
      }
    });

  it('of two users of one backend is the sum of their ids, each word by itself, as a version 4 UUID', () => {
    const domain = 'a.example.com' as BackendDomain;
    const one = 'ffffffff-0000-4001-8000-000000000001' as UserId;
    const other = '00000002-0000-4002-8000-0000ffffffff' as UserId;
    const sum = { domain, id: '00000001-0000-4003-8000-000000000000' };
    assert.deepEqual(localOneToOneConversation(domain, one, other), sum);
    assert.deepEqual(localOneToOneConversation(domain, other, one), sum);
  });
});
