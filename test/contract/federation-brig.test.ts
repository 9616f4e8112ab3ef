import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SearchResult } from '#contract/client/search.ts';
import { ListUsersById } from '#contract/client/users.ts';
import {
  apiVersion,
  getMlsClients,
  getUserByHandle,
  getUsersByIds,
  searchUsers,
} from '#contract/federation/brig.ts';
import type { UserId } from '#contract/ids.ts';
import { compileParser, type Parser } from '#contract/schema.ts';

/**
 * wire-server's own golden values are read by the contract and stay what they were. They are not part of this
 * repository: CROSSWIRE_GOLDEN_DIR names the folder that holds `client/` and `federation/`.
 */

const goldenDir = process.env.CROSSWIRE_GOLDEN_DIR;
const skip = goldenDir === undefined ? 'CROSSWIRE_GOLDEN_DIR is not set' : false;

function golden(name: RegExp): readonly (readonly [string, unknown])[] {
  if (goldenDir === undefined) return [];
  const folder = join(goldenDir, 'client');
  const files = readdirSync(folder).filter((file) => name.test(file));
  assert.notEqual(files.length, 0, `no golden value matches ${name}`);
  return files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'))]);
}

function assertRoundTrip(parser: Parser<unknown>, values: readonly (readonly [string, unknown])[]): void {
  for (const [file, value] of values) {
    assert.deepEqual(JSON.parse(JSON.stringify(parser.parse(value, file))), value, file);
  }
}

describe('the contract of brig’s RPCs', () => {
  const profiles = /^testObject_UserProfile_user_\d+\.json$/;
  const contacts = /^testObject_Contact_user_\d+\.json$/;

  it('reads and writes wire-server’s profiles in get-user-by-handle', { skip }, () => {
    assertRoundTrip(getUserByHandle.parseOutput, golden(profiles));
    assert.equal(getUserByHandle.parseOutput.parse(null, 'answer'), null);
  });

  it('reads and writes wire-server’s profiles in get-users-by-ids', { skip }, () => {
    const lists = golden(profiles).map(([file, value]) => [file, [value]] as const);
    assertRoundTrip(getUsersByIds.parseOutput, lists);
  });

  it('reads and writes wire-server’s contacts in search-users', { skip }, () => {
    for (const searchPolicy of ['no_search', 'exact_handle_search', 'full_search']) {
      const answers = golden(contacts).map(
        ([file, value]) => [file, { contacts: [value], searchPolicy }] as const,
      );
      assertRoundTrip(searchUsers.parseOutput, answers);
    }
  });

  it('reads and writes wire-server’s answers of search and list-users', { skip }, () => {
    assertRoundTrip(
      compileParser(SearchResult),
      golden(/^testObject_SearchResult_20Contact_user_\d+\.json$/),
    );
    assertRoundTrip(compileParser(ListUsersById), golden(/^testObject_ListUsersById_user_\d+\.json$/));
  });

  it('reads version information with and without the newer member', () => {
    for (const value of [{ supported_versions: [0, 1, 7], supported: [0, 1] }, { supported: [0] }]) {
      assert.deepEqual(apiVersion.parseOutput.parse(value, 'answer'), value);
    }
    assert.throws(() => apiVersion.parseOutput.parse({ supported_versions: [0] }, 'answer'));
  });

  it('reads and writes get-mls-clients as version 0 has it, which knows the default suite alone', () => {
    const older = getMlsClients.older;
    assert.equal(older?.until, 1);
    const user_id = '6a1d2a5e-95a8-4a3c-8f4d-d2a1b3f0c9e4' as UserId;
    for (const signature_scheme of ['ed25519', 'ecdsa_secp256r1_sha256', 'rot13']) {
      const parsed = older?.parse.parse({ user_id, signature_scheme }, 'body');
      assert.deepEqual(older?.read(parsed), { user_id, cipher_suite: 1 });
    }
    const written = older?.write({ user_id, cipher_suite: 2 });
    assert.deepEqual(written, { user_id, signature_scheme: 'ed25519' });
    assert.throws(() => older?.parse.parse({ user_id, cipher_suite: 1 }, 'body'));
  });

  it('reads a search that has a term alone', () => {
    const input = { term: 'bob' };
    assert.deepEqual(searchUsers.parseInput.parse(input, 'body'), input);
  });
});
