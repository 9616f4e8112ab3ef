import 'reflect-metadata';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509';
import { Refusal } from '#contract/refusal.ts';
import { createAuthority, pem } from '../../testkit/ca/index.ts';
import { describeCertificate, readCertificate } from './peer-certificate.ts';

const authority = createAuthority();

describe('reading a certificate', () => {
  it('finds the DNS names that another library finds', () => {
    const names = [
      'wire.a.example.com',
      '*.a.example.com',
      'a, DNS:evil.example.net',
      'xn--bcher-kva.example.com',
    ];
    const issued = authority.issue({ names, otherNames: [{ uri: 'https://x' }, { ip: '127.0.0.1' }] });
    const other = new X509Certificate(issued.certificate).getExtension(SubjectAlternativeNameExtension);
    const expected = other?.names.items.filter(({ type }) => type === 'dns').map(({ value }) => value);
    assert.deepEqual(readCertificate(issued.certificate).dnsNames.all, expected);
    assert.deepEqual(expected, names);
  });

  it('reads version, usages and critical extensions', () => {
    const odd = { oid: '1.2.3.4', critical: true, value: Buffer.of(5, 0) };
    const read = readCertificate(
      authority.issue({ names: ['a.b.c'], purposes: ['clientAuth'], extensions: [odd] }).certificate,
    );
    assert.equal(read.version, 3);
    assert.equal(read.maySign, true);
    assert.deepEqual(read.purposes, ['1.3.6.1.5.5.7.3.2']);
    assert.deepEqual(read.unknownCritical, ['1.2.3.4']);
    const plain = readCertificate(authority.issue({ version: 1 }).certificate);
    assert.equal(plain.version, 1);
    assert.deepEqual([plain.maySign, plain.purposes, plain.dnsNames.all], [undefined, undefined, []]);
  });

  it('refuses every certificate that is cut off anywhere', () => {
    const { der } = authority.issue({ names: ['wire.a.example.com'] });
    for (let length = 0; length < der.length; length += 7) {
      assert.throws(() => readCertificate(Buffer.from(der.subarray(0, length))), isParseError);
    }
  });

  it('throws nothing but its refusal for any flipped byte', () => {
    const { der } = authority.issue({ names: ['wire.a.example.com', '*.b.example.com'] });
    for (let at = 0; at < der.length; at++) {
      const flipped = Buffer.from(der);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 0x41, at);
      try {
        describeCertificate(readCertificate(flipped));
      } catch (error) {
        assert.ok(isParseError(error), String(error));
      }
    }
  });

  it('refuses names whose DER does not add up', () => {
    for (const value of [
      [0x30, 0x05, 0x82, 0x09, 0x61],
      [0x30, 0x80, 0x82, 0x01, 0x61, 0, 0],
      [0x82, 0x01, 0x61],
      [],
    ]) {
      const issued = authority.issue({
        names: [],
        extensions: [{ oid: '2.5.29.17', value: Buffer.from(value) }],
      });
      assert.throws(() => readCertificate(issued.certificate), isParseError);
    }
  });

  it('describes what a stranger wrote in bounded, printable text', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `n${i}.example.com`);
    const text = describeCertificate(
      readCertificate(authority.issue({ names, commonName: 'a\x1b[31m\r\nb' }).certificate),
    );
    assert.ok(text.length < 600, text);
    assert.doesNotMatch(text, /[\x00-\x1f]/);
    assert.match(text, /995 more/);
  });

  it('refuses what is no certificate', () => {
    for (const text of ['', 'hello', pem('CERTIFICATE', Buffer.from('hello')), authority.key]) {
      assert.throws(() => readCertificate(text), isParseError);
    }
  });
});

function isParseError(error: unknown): boolean {
  return error instanceof Refusal && error.key === 'certificate-parse-error';
}
