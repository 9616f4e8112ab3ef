import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ClientId, UserId } from '#contract/ids.ts';
import { parseToken, type TokenBody, Zauth } from './zauth.ts';

/**
 * The key pair of RFC 8032, section 7.1, test 1. The tokens below were signed with it by an implementation that is not
 * OpenSSL's, over texts written by hand from the reference.
 */
const secret = createPrivateKey({
  key: {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  },
  format: 'jwk',
});
const zauth = new Zauth({ publicKeys: [createPublicKey(secret)], active: { key: 1, secret } });

const userId = '6562d941-4f40-4db4-b96e-56a06d71c2c3' as UserId;
const bot = '7b1a5ee0-0c36-4b6b-8b4b-0f5d1d0c9a11';
const conversation = '02e8a9da-ffe5-4131-a513-b8f444005ce9';
const accessToken =
  'VvbCp5Fx39sbLhZKGLEmkW9at6ko9R3DfzVS2569wetqPBoYrgw4a9uGN3V9GrlIRGoWGIhyKUsjM1H_h1LlDQ==' +
  `.v=1.k=1.d=1700000900.t=a.l=.u=${userId}.c=12345678901234567`;

interface Vector {
  readonly what: string;
  readonly body: TokenBody;
  readonly expires: number;
  readonly session?: boolean;
  readonly text: string;
}

const vectors: readonly Vector[] = [
  {
    what: 'user cookie',
    body: { type: 'u', userId, random: 0x4feacc },
    expires: 1_466_770_783,
    text:
      '-gfLUOSMBBcRVUlL8yQCghj4yl1k85HtEEzcussnRuRNo2bLCIm5w-wx4k7VVky0B_Bjwzjm3CgZhXi2cxtaCw==' +
      `.v=1.k=1.d=1466770783.t=u.l=.u=${userId}.r=4feacc`,
  },
  {
    what: 'access token',
    body: { type: 'a', userId, connection: '12345678901234567' },
    expires: 1_700_000_900,
    text: accessToken,
  },
  {
    what: 'access token bound to a client, largest connection id',
    body: { type: 'a', userId, clientId: 'deadbeef' as ClientId, connection: '18446744073709551615' },
    expires: 1_700_000_900,
    text:
      '4XAggPWn-Pi572iasp8u27KBsUwrQnSoRpGYEgkth3t_tmLViqEWwWDU2U3aV9eIak1HN_rUYkuhAAeAjxVcCQ==' +
      `.v=1.k=1.d=1700000900.t=a.l=.u=${userId}.i=deadbeef.c=18446744073709551615`,
  },
  {
    what: 'session cookie bound to a client',
    body: { type: 'u', userId, random: 0xffff_ffff, clientId: '1f' as ClientId },
    expires: 1_700_000_900,
    session: true,
    text:
      'kZAuBBNNrs8qsS-Vh1yEJaWozXjrjCCEg2seVLOnEs6LQNgJvJOsWOX733tb4Zx7Fp_dvefhvsPQhmcPY7pZBA==' +
      `.v=1.k=1.d=1700000900.t=u.l=s.u=${userId}.r=ffffffff.i=1f`,
  },
  {
    what: 'bot token that never expires',
    body: { type: 'b', provider: userId, bot, conversation },
    expires: -1,
    text:
      'wqHHrtxywtaWzZjdiHnAbikp8daOeC8Q8In5TotKq-jyoNWErjSR52m-88Yrk68OadpY9c9V_qbffv9STO2kCg==' +
      `.v=1.k=1.d=-1.t=b.l=.p=${userId}.b=${bot}.c=${conversation}`,
  },
  {
    what: 'provider token',
    body: { type: 'p', provider: userId },
    expires: 1_700_000_900,
    text:
      'w6BhyHFJpulFsivOcS9ZFsEx8m1NpLVMX8mjaUr8TpJ6N1enXexZjixIdXl0CbsJw4LsShPLBj-JqOMBhSelAA==' +
      `.v=1.k=1.d=1700000900.t=p.l=.p=${userId}`,
  },
  {
    what: 'legalhold access token',
    body: { type: 'la', userId, connection: '7' },
    expires: 1_700_000_900,
    text:
      'ibca5MQzoYe40EdbrI2nDxAN4fOlH01Fd2DV4VSJfb0sa7FX-dtOl_TTU0Dhrop5lPAKpwocVG7JON7iW3h9Cg==' +
      `.v=1.k=1.d=1700000900.t=la.l=.u=${userId}.c=7`,
  },
  {
    what: 'legalhold user cookie',
    body: { type: 'lu', userId, random: 1 },
    expires: 1_700_000_900,
    text:
      'Pwmpq19ll66sVnUN3PIpj4VynKviPKMTWOrUoPDF_PRtfdJLwqI8I_aDjxyDY7QCSKPGjUgvDlUWiSfHDzApDg==' +
      `.v=1.k=1.d=1700000900.t=lu.l=.u=${userId}.r=1`,
  },
];

describe('zauth tokens', () => {
  for (const { what, body, expires, session, text } of vectors) {
    it(`writes and reads a ${what} as another implementation does`, () => {
      assert.equal(zauth.issue(body, { expires, session }), text);
      const token = zauth.verify(text, 1_400_000_000);
      assert.deepEqual(token?.body, body);
      assert.equal(token?.expires, expires);
      assert.equal(token?.session, session ?? false);
    });
  }

  it('holds in the second of its expiry and not in the next', () => {
    assert.notEqual(zauth.verify(accessToken, 1_700_000_900.999), undefined);
    assert.equal(zauth.verify(accessToken, 1_700_000_901), undefined);
  });

  it('holds for ever when the expiry is -1', () => {
    assert.notEqual(zauth.verify(vectors[4]?.text ?? '', 9_999_999_999), undefined);
  });

  it('tells an expired token from a falsified one', () => {
    const token = parseToken(accessToken);
    assert.ok(token);
    assert.equal(zauth.check(token, 1_700_000_901), 'expired');
    assert.equal(zauth.check({ ...token, expires: 1_800_000_000 }, 1_700_000_901), 'falsified');
    assert.equal(zauth.check({ ...token, key: 2 }, 0), 'unknown-key');
    assert.equal(zauth.check({ ...token, key: 0 }, 0), 'unknown-key');
  });

  it('reads fields by name, so their order does not matter', () => {
    const [signature, v, k, d, t, l, u, c] = accessToken.split('.');
    assert.notEqual(zauth.verify([signature, c, u, l, t, d, k, v].join('.'), 0), undefined);
  });

  it('takes the first of two fields with one name', () => {
    const other = '00000000-0000-0000-0000-000000000000';
    assert.equal(zauth.verify(`${accessToken}.u=${other}`, 0)?.body.type, 'a');
    const [signature, ...fields] = accessToken.split('.');
    assert.equal(zauth.verify([signature, `u=${other}`, ...fields].join('.'), 0), undefined);
  });

  it('verifies with the key that the token names, among several', () => {
    const old = generateKeyPairSync('ed25519');
    const rotated = new Zauth({
      publicKeys: [old.publicKey, createPublicKey(secret)],
      active: { key: 2, secret },
    });
    const token = rotated.issue({ type: 'a', userId, connection: '1' }, { expires: -1 });
    assert.match(token, /\.k=2\./);
    assert.notEqual(rotated.verify(token, 0), undefined);
    assert.equal(rotated.verify(token.replace('.k=2.', '.k=1.'), 0), undefined);
  });

  it('accepts only one spelling of a signature', () => {
    // The last letter before the padding carries four unused bits.
    assert.equal(zauth.verify(accessToken.replace('lDQ==', 'lDR=='), 0), undefined);
    assert.equal(zauth.verify(accessToken.replace('==.', '.'), 0), undefined);
  });

  it('does not take one type for another', () => {
    assert.equal(zauth.verify(accessToken.replace('.t=a.', '.t=la.'), 0), undefined);
    assert.equal(parseToken(accessToken.replace('.t=a.', '.t=u.')), undefined);
  });

  it('takes no token in which any one character was changed', () => {
    for (let index = 0; index < accessToken.length; index += 1) {
      const changed = accessToken[index] === 'x' ? 'y' : 'x';
      const text = accessToken.slice(0, index) + changed + accessToken.slice(index + 1);
      assert.equal(zauth.verify(text, 0), undefined, text);
    }
  });

  const malformed: readonly [what: string, text: string][] = [
    ['nothing', ''],
    ['dots only', '.......'],
    ['no version', accessToken.replace('.v=1', '')],
    ['another version', accessToken.replace('.v=1', '.v=2')],
    ['no tag', accessToken.replace('.l=', '')],
    ['a key that is no number', accessToken.replace('.k=1', '.k=one')],
    ['an expiry with a sign', accessToken.replace('.d=', '.d=+')],
    ['an expiry of -2', accessToken.replace('d=1700000900', 'd=-2')],
    ['an unknown type', accessToken.replace('.t=a', '.t=x')],
    ['a user that is no UUID', accessToken.replace(userId, 'alice')],
    ['a connection beyond 64 bits', accessToken.replace('12345678901234567', '18446744073709551616')],
    ['a client that is no hex', accessToken.replace('.c=', '.i=xyz.c=')],
    ['more text than any token has', `${accessToken}.x=${'x'.repeat(2000)}`],
  ];
  for (const [what, text] of malformed) {
    it(`takes no token with ${what}`, () => assert.equal(parseToken(text), undefined));
  }

  it('says nothing, rather than throw, whatever text it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        assert.equal(zauth.verify(text, 0), undefined);
      }),
    );
  });

  it('reads back whatever it issued', () => {
    const uuid = fc.uuid() as fc.Arbitrary<UserId>;
    const clientId = fc.option(
      fc.bigInt(0n, 2n ** 64n - 1n).map((id) => id.toString(16) as ClientId),
      { nil: undefined },
    );
    fc.assert(
      fc.property(uuid, fc.nat(0xffff_ffff), clientId, fc.boolean(), (user, random, client, session) => {
        const body = { type: 'u', userId: user, random, ...(client && { clientId: client }) } as const;
        const token = zauth.verify(zauth.issue(body, { expires: 100, session }), 100);
        assert.deepEqual(token?.body, body);
        assert.equal(token?.session, session);
      }),
    );
  });
});
