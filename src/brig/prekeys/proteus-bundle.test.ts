import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProteusPrekey } from './proteus-bundle.ts';

/** Made by Wire's own library. */
const known = {
  id: 7,
  key: 'pQABAQcCoQBYIDXdN8VlKb5lbgPmoDPLPyqNIEyShG4oT/DlW0peRRZUA6EAoQBYILLf1TIwSB62q69Ojs/X1tzJ+dYHNAw4QbW/7TC5vSZqBPY=',
};

const key = `5820${'ab'.repeat(32)}`;
const version = '0001';
const identity = `03a100a100${key}`;
const publicKey = `02a100${key}`;

function bundle(hex: string, id = 1): boolean {
  return isProteusPrekey({ id, key: Buffer.from(hex, 'hex').toString('base64') });
}

describe('a Proteus prekey bundle', () => {
  it('is read as the library writes it, for its own id only', () => {
    assert.equal(isProteusPrekey(known), true);
    assert.equal(isProteusPrekey({ ...known, id: 8 }), false);
  });

  it('may have its members in any order, numbers of any width, a signature or no last member', () => {
    assert.equal(bundle(`a5${version}0101${publicKey}${identity}04f6`), true);
    assert.equal(bundle(`a5${identity}${publicKey}04f60101${version}`), true);
    assert.equal(bundle(`a4${version}0101${publicKey}${identity}`), true);
    assert.equal(bundle(`a5${version}0101${publicKey}${identity}04a1005840${'cd'.repeat(64)}`), true);
    assert.equal(bundle(`a4${version}011801${publicKey}${identity}`), true);
    assert.equal(bundle(`a4${version}01190001${publicKey}${identity}`), true);
    assert.equal(bundle(`a4${version}0119ffff${publicKey}${identity}`, 65_535), true);
  });

  const malformed: Readonly<Record<string, string>> = {
    'is empty': '',
    'is no map': '01',
    'is a list': `84${version}`,
    'ends early': `a5${version}0101${publicKey}`,
    'ends inside a key': `a4${version}0101${publicKey}03a100a1005820abab`,
    'goes on after its end': `a4${version}0101${publicKey}${identity}00`,
    'has a map of no definite length': `bf${version}0101${publicKey}${identity}ff`,
    'has a member twice': `a5${version}01010101${publicKey}${identity}`,
    'has an unknown member': `a5${version}0101${publicKey}${identity}0500`,
    'has no version': `a30101${publicKey}${identity}`,
    'has no id': `a3${version}${publicKey}${identity}`,
    'has no public key': `a3${version}0101${identity}`,
    'has no identity': `a3${version}0101${publicKey}`,
    'has a short key': `a4${version}010102a100581f${'ab'.repeat(31)}${identity}`,
    'has a text for a key': `a4${version}010102a1007820${'61'.repeat(32)}${identity}`,
    'has a bare public key': `a4${version}010102${key}${identity}`,
    'has a public key under another name': `a4${version}010102a101${key}${identity}`,
    'has an identity that is wrapped once': `a4${version}010103a100${key}${publicKey}`,
    'has a negative id': `a4${version}0120${publicKey}${identity}`,
    'has an id of eight bytes': `a4${version}011b0000000000000001${publicKey}${identity}`,
    'has a short signature': `a5${version}0101${publicKey}${identity}04a100583f${'cd'.repeat(63)}`,
    'has a number for a signature': `a5${version}0101${publicKey}${identity}0400`,
    'claims four gigabytes': `a4${version}010102a1005affffffff`,
  };
  for (const [what, hex] of Object.entries(malformed)) {
    it(`is refused when it ${what}`, () => assert.equal(bundle(hex), false));
  }

  it('is refused in anything but canonical base64 with padding', () => {
    const { id, key: text } = known;
    for (const wrong of [
      text.replace('=', ''),
      `${text}=`,
      ` ${text}`,
      text.replaceAll('/', '_'),
      `${text.slice(0, -2)}Z=`,
      'not base64',
    ]) {
      assert.equal(isProteusPrekey({ id, key: wrong }), false, wrong);
    }
  });
});
