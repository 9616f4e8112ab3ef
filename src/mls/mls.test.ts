import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { type MadeCommit, MlsDevice, type TestSuite } from '#testkit';
import {
  findCipherSuite,
  identityOf,
  isGroupInfoSigned,
  isPublicMessageSigned,
  keyPackageFault,
  keyPackageReference,
  leavesOf,
  MlsDecodeError,
  type MlsMessage,
  parseGroupInfo,
  parseKeyPackage,
  parseMlsMessage,
  parseMlsMessages,
  proposalReference,
  proposeRemoval,
  rawPublicKey,
} from './index.ts';

/* What the decoder reads is what an independent library has written, and whatever is not MLS is refused as such. */

const user = '284d1c86-5117-4c58-aa18-c0068f3f7d8c' as UserId;
const identity = { user, client: 'e90' as ClientId, domain: 'alpha.example' as BackendDomain };
const identityOfAlice = `${user}:e90@alpha.example`;
const groupId = Buffer.from('a group').toString('base64');

for (const number of [1, 2] as const satisfies readonly TestSuite[])
  describe(`MLS of cipher suite ${number}`, () => {
    const suite = findCipherSuite(number);
    assert.ok(suite);
    const removal =
      number === 1 ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    let alice: MlsDevice;
    let bob: MlsDevice;
    let uploaded: Buffer;
    let added: MadeCommit;
    let proposed: Buffer;
    let application: Buffer;
    before(async () => {
      alice = await MlsDevice.create(identityOfAlice, number);
      bob = await MlsDevice.create('6562d941-4f40-4db4-b96e-56a06d71c2c3:1f@beta.example', number);
      uploaded = (await bob.makeKeyPackage()).bytes;
      await alice.createGroup(groupId, rawPublicKey(removal.privateKey, suite.scheme));
      added = await alice.commit(groupId, { add: [uploaded] });
      added.accept();
      application = await alice.encrypt(groupId, 'hello');
      proposed = await alice.proposeRemoval(groupId, 1);
    });

    it('takes a key package that fulfils everything', async () => {
      const { bytes } = await alice.makeKeyPackage();
      const keyPackage = parseKeyPackage(bytes);
      const lifetime = { now: Date.now(), maximumMs: undefined };
      assert.equal(keyPackageFault(keyPackage, { identity, lifetime, suite: number }), undefined);
      assert.ok(alice.signatureKey.equals(keyPackage.leaf.signatureKey));
    });

    it('says what a key package lacks', async () => {
      const { bytes } = await alice.makeKeyPackage();
      const keyPackage = parseKeyPackage(bytes);
      const fault = (rules: Parameters<typeof keyPackageFault>[1]) =>
        keyPackageFault(keyPackage, rules) ?? '';
      assert.match(
        fault({ identity: { ...identity, client: 'e91' as ClientId } }),
        /names .*:e90@.* expected .*:e91@/,
      );
      assert.match(fault({ suite: 7 }), /of ciphersuite \d, expected 7/);
      assert.match(fault({ lifetime: { now: 0, maximumMs: undefined } }), /not valid yet/);
      assert.match(fault({ lifetime: { now: 4e12, maximumMs: undefined } }), /expired/);
      assert.match(fault({ lifetime: { now: Date.now(), maximumMs: 1000 } }), /longer than 1 s/);
      for (const at of [bytes.length - 1, 60]) {
        const forged = Buffer.from(bytes);
        forged[at] = (forged[at] ?? 0) ^ 1;
        assert.match(keyPackageFault(parseKeyPackage(forged), {}) ?? '', /signature is not valid/);
      }
    });

    it('names key packages as a welcome does', () => {
      const [welcome] = parseMlsMessages(added.welcome ?? Buffer.alloc(0)).map(({ message }) => message);
      assert.ok(welcome?.kind === 'welcome');
      assert.equal(welcome.suite, number);
      assert.deepEqual(
        welcome.newMembers.map((reference) => Buffer.from(reference)),
        [keyPackageReference(uploaded, suite)],
      );
    });

    it('reads a bundle: a commit that adds, its group info with the tree, its welcome', () => {
      const [commit, info, welcome] = parseMlsMessages(added.bundle);
      assert.ok(commit?.message.kind === 'public-message' && commit.message.content.type === 'commit');
      assert.deepEqual(commit.message.sender, { type: 'member', leafIndex: 0 });
      assert.equal(commit.message.epoch, 0n);
      const [addition] = commit.message.content.commit.proposals;
      assert.ok(addition?.by === 'value' && addition.proposal.type === 'add');
      assert.ok(uploaded.equals(addition.proposal.keyPackage.bytes));
      assert.ok(commit.bytes.length === added.commit.length && welcome !== undefined);
      assert.ok(info?.message.kind === 'group-info');
      assert.equal(info.message.context.epoch, 1n);
      const leaves = leavesOf(info.message);
      const names = [...(leaves ?? [])].map(([index, leaf]) => [
        index,
        identityOf(leaf, suite.scheme)?.client,
      ]);
      assert.deepEqual(names, [
        [0, 'e90'],
        [1, '1f'],
      ]);
    });

    it('knows who has signed a group info, a commit and a proposal, and that nobody else has', async () => {
      const [, info] = parseMlsMessages(added.bundle);
      assert.ok(info?.message.kind === 'group-info');
      assert.ok(isGroupInfoSigned(info.message, alice.signatureKey, suite));
      assert.ok(!isGroupInfoSigned(info.message, bob.signatureKey, suite));
      const again = parseGroupInfo(info.message.bytes);
      const message = parseMlsMessage(proposed);
      assert.ok(message.kind === 'public-message');
      assert.ok(isPublicMessageSigned(message, again.context.bytes, alice.signatureKey, suite));
      assert.ok(!isPublicMessageSigned(message, again.context.bytes, bob.signatureKey, suite));
      assert.ok(!isPublicMessageSigned(message, new Uint8Array(), alice.signatureKey, suite));
    });

    it('names proposals as a commit of the group does', async () => {
      const message = parseMlsMessage(proposed);
      assert.ok(message.kind === 'public-message' && message.content.type === 'proposal');
      assert.deepEqual(message.content.proposal, { type: 'remove', leafIndex: 1 });
      const { commit } = await alice.commit(groupId);
      const read = parseMlsMessage(commit);
      assert.ok(read.kind === 'public-message' && read.content.type === 'commit');
      const [named] = read.content.commit.proposals;
      assert.ok(named?.by === 'reference');
      assert.deepEqual(Buffer.from(named.reference), proposalReference(message.authenticated, suite));
    });

    it('reads what is outside of a message that it cannot decrypt', () => {
      const message = parseMlsMessage(application);
      assert.ok(message.kind === 'private-message');
      assert.deepEqual([message.epoch, message.contentType], [1n, 'application']);
      assert.equal(Buffer.from(message.groupId).toString('base64'), groupId);
    });

    it('reads an external commit', async () => {
      const carol = await MlsDevice.create('6562d941-4f40-4db4-b96e-56a06d71c2c3:2a@beta.example', number);
      const [, info] = parseMlsMessages(added.bundle);
      assert.ok(info?.message.kind === 'group-info');
      const joined = await carol.joinExternally(groupId, Buffer.from(info.message.bytes));
      const [commit] = parseMlsMessages(joined.bundle);
      assert.ok(commit?.message.kind === 'public-message' && commit.message.content.type === 'commit');
      assert.equal(commit.message.sender.type, 'new-member-commit');
      const { pathLeaf } = commit.message.content.commit;
      assert.equal(pathLeaf && identityOf(pathLeaf, suite.scheme)?.client, '2a');
      assert.ok(isPublicMessageSigned(commit.message, info.message.context.bytes, carol.signatureKey, suite));
    });

    it('makes a removal that carries the signature of the removal key', () => {
      const bytes = proposeRemoval({
        groupId: Buffer.from(groupId, 'base64'),
        epoch: 1n,
        leafIndex: 1,
        key: removal.privateKey,
        scheme: suite.scheme,
      });
      const message = parseMlsMessage(bytes);
      assert.ok(message.kind === 'public-message' && message.content.type === 'proposal');
      assert.deepEqual(message.sender, { type: 'external', senderIndex: 0 });
      assert.deepEqual(message.content.proposal, { type: 'remove', leafIndex: 1 });
      const key = rawPublicKey(removal.privateKey, suite.scheme);
      assert.ok(isPublicMessageSigned(message, new Uint8Array(), key, suite));
    });

    it('refuses everything cut short, and bytes that follow', () => {
      for (const whole of [added.commit, added.groupInfo, added.welcome, proposed, application]) {
        assert.ok(whole);
        for (let length = 0; length < whole.length; length += 1)
          assert.throws(() => parseMlsMessage(whole.subarray(0, length)), MlsDecodeError);
        assert.throws(() => parseMlsMessage(Buffer.concat([whole, Buffer.alloc(1)])), MlsDecodeError);
      }
      for (let length = 0; length < uploaded.length; length += 1)
        assert.throws(() => parseKeyPackage(uploaded.subarray(0, length)), MlsDecodeError);
    });

    it('reads or refuses whatever a message is changed into, and never fails otherwise', () => {
      const whole = added.bundle;
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
          const changed = Buffer.from(whole);
          changed[at] = value;
          try {
            for (const { message } of parseMlsMessages(changed)) touch(message);
          } catch (error) {
            assert.ok(error instanceof MlsDecodeError, String(error));
          }
        }),
        { numRuns: 2_000 },
      );
    });
  });

/** Reads what a message carries, as far as it goes. */
function touch(message: MlsMessage): void {
  if (message.kind === 'group-info') leavesOf(message);
  if (message.kind === 'key-package') keyPackageFault(message.keyPackage, {});
}
