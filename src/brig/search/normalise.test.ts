import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wordsOf } from './normalise.ts';

describe('wordsOf', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['Anna  Smith', ['anna', 'smith']],
    ['Zoë Łukasiewicz', ['zoe', 'lukasiewicz']],
    ['Jürgen Groß', ['jurgen', 'gross']],
    ['İstanbul ıĞ', ['istanbul', 'ig']],
    ['Ærøskøbing', ['aeroskobing']],
    ['Дмитрий Щёкин', ['dmitrii', 'sekin']],
    ['Γιώργος Παπαδόπουλος', ['giorgos', 'papadopoulos']],
    ['ｆｕｌｌ Ｗｉｄｔｈ', ['full', 'width']],
    ['ﬁnn', ['finn']],
    ["O'Brien-Smith", ['o', 'brien', 'smith']],
    ['田中 さくら', ['田中', 'さくら']],
    ['a%b_c\\d', ['a', 'b', 'c', 'd']],
    ['🎉 party \u0000\u001b[31m\ud800', ['party', '31m']],
    ['%_ .,', []],
    ['', []],
  ];
  for (const [text, words] of cases) {
    it(`makes ${JSON.stringify(words)} of ${JSON.stringify(text)}`, () => {
      assert.deepEqual(wordsOf(text), words);
    });
  }

  it('reads what is composed and what is decomposed alike', () => {
    assert.deepEqual(wordsOf('é'.normalize('NFD')), wordsOf('é'.normalize('NFC')));
  });

  it('cuts what is too long', () => {
    const words = wordsOf('ab '.repeat(100_000));
    assert.equal(words.length, 16);
    assert.ok((wordsOf('😀x'.repeat(10_000))[0] ?? '').length <= 256);
  });
});
