import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CipherSuiteText, CipherSuiteTexts, cipherSuiteOf } from './key-packages.ts';
import { compileParser } from './schema.ts';

describe('cipher suites in queries', () => {
  it('are hexadecimal in any case, with or without prefix and leading zeros', () => {
    const { parse } = compileParser(CipherSuiteText);
    const texts = {
      '1': 1,
      '0x0001': 1,
      '0X1': 1,
      '00000002': 2,
      F031: 0xf031,
      '0xf031': 0xf031,
      ffff: 0xffff,
    };
    for (const [text, suite] of Object.entries(texts)) {
      assert.equal(cipherSuiteOf(parse(text, 'query')), suite, text);
    }
    for (const text of ['', '0x', 'x1', '1g', '10000', '1,2', ' 1', '1\n']) {
      assert.throws(() => parse(text, 'query'), { key: 'bad-request' }, text);
    }
  });

  it('may be several, separated by commas', () => {
    const { parse } = compileParser(CipherSuiteTexts);
    const several = parse('0x0001,2,0XF031', 'query').split(',').map(cipherSuiteOf);
    assert.deepEqual(several, [1, 2, 0xf031]);
    for (const text of ['', ',', '1,', ',1', '1,,2', '1;2', '1, 2', '1,'.repeat(200)]) {
      assert.throws(() => parse(text, 'query'), { key: 'bad-request' }, text);
    }
  });
});
