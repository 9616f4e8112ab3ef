import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthority, type LeafOptions } from '#testkit';
import { certificateFacts, daysLeft, namesHost, validity } from './certificate.ts';

const authority = createAuthority();
const issue = (options: LeafOptions) => certificateFacts(authority.issue(options).certificate);

describe('what doctor reads of a certificate', () => {
  it('names, issuer and usages', () => {
    const facts = issue({ names: ['wire.example.com', 'other.example.com'], purposes: ['serverAuth'] });
    assert.deepEqual(facts.names, ['wire.example.com', 'other.example.com']);
    assert.equal(facts.issuer, 'CN=Crosswire development CA');
    assert.deepEqual([facts.forServers, facts.forClients], [true, false]);
  });

  it('every usage, when the certificate does not restrict them', () => {
    const facts = issue({ names: ['wire.example.com'], purposes: null });
    assert.deepEqual([facts.forServers, facts.forClients], [true, true]);
  });

  it('that a wildcard stands for one label', () => {
    const facts = issue({ names: ['*.example.com'] });
    assert.equal(namesHost(facts, 'WIRE.example.com'), true);
    assert.equal(namesHost(facts, 'example.com'), false);
    assert.equal(namesHost(facts, 'a.wire.example.com'), false);
  });

  it('how long it is good, and since when it is not', () => {
    const notAfter = new Date('2030-01-11T00:00:00Z');
    const facts = issue({ names: ['wire.example.com'], notAfter });
    const before = Date.parse('2030-01-01T00:00:00Z');
    const after = Date.parse('2030-01-13T00:00:00Z');
    assert.equal(daysLeft(facts, before), 10);
    assert.equal(validity(facts, before), '2030-01-11 (in 10 days)');
    assert.equal(validity(facts, after), '2030-01-11 (2 days ago)');
  });
});
