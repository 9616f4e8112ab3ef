import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as client from '#contract/client/users.ts';
import type { Handle, UserId } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import { withoutTeams } from '../accounts/team-needs.ts';
import {
  accountRow,
  addAccount,
  addAccounts,
  callRoute,
  domain,
  newUserId,
  noFederation,
  openTestStorage,
  ownDomain,
  remoteDomain,
  scriptedFederation,
} from './account-fixture.ts';
import { userRoutes } from './routes.ts';

const bobAtRemote = newUserId();

function remoteProfile(id: string, at: string = remoteDomain, more: object = {}) {
  const qualified_id = { domain: at, id };
  return { qualified_id, id, name: 'Bob', accent_id: 2, legalhold_status: 'no_consent', ...more };
}

function refusal(key: string) {
  return (error: unknown) => error instanceof Refusal && error.key === key;
}

describe('GET /users/:domain/:uid', () => {
  it('shows a user of this backend, with the own e-mail to its owner only', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const account = await addAccount(storage, {
      name: 'Alice',
      handle: 'alice',
      email: 'alice@example.org',
      supported_protocols: '["proteus","mls"]',
    });
    const id = account.id as UserId;
    const routes = userRoutes({
      teams: withoutTeams,
      ownDomain,
      reader: storage.reader,
      federation: noFederation,
    });
    const params = { domain: ownDomain, uid: id };
    const profile = {
      qualified_id: { domain: ownDomain, id },
      id,
      name: 'Alice',
      picture: [],
      assets: [],
      accent_id: 1,
      handle: 'alice',
      legalhold_status: 'no_consent',
      supported_protocols: ['proteus', 'mls'],
    };
    const others = await callRoute(routes, client.getUser, { userId: newUserId(), params });
    assert.deepEqual(others.body, profile);
    const own = await callRoute(routes, client.getUser, { userId: id, params });
    assert.deepEqual(own.body, { ...profile, email: 'alice@example.org' });
    const legacy = await callRoute(routes, client.getOwnDomainUser, {
      userId: newUserId(),
      params: { uid: id },
    });
    assert.deepEqual(legacy.body, profile);
    const protocols = await callRoute(routes, client.getUserSupportedProtocols, { userId: id, params });
    assert.deepEqual(protocols.body, ['proteus', 'mls']);
  });

  it('shows a deleted user as deleted and hides one that was never activated', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const [gone, pending] = await addAccounts(
      storage,
      { status: 'deleted', name: 'default', handle: 'taken' },
      { status: 'pending' },
    );
    const routes = userRoutes({
      teams: withoutTeams,
      ownDomain,
      reader: storage.reader,
      federation: noFederation,
    });
    const find = (uid: string) =>
      callRoute(routes, client.getUser, {
        userId: newUserId(),
        params: { domain: ownDomain, uid: uid as UserId },
      });
    const deleted = await find(gone?.id ?? '');
    assert.equal(deleted.body.deleted, true);
    assert.equal('handle' in deleted.body, false);
    await assert.rejects(find(pending?.id ?? ''), refusal('not-found:user'));
    await assert.rejects(find(newUserId()), refusal('not-found:user'));
  });

  it('asks the backend of a remote user and passes its failure on', async () => {
    await using db = await openTestStorage();
    const { reader } = db.storage;
    const params = { domain: remoteDomain, uid: bobAtRemote };
    const up = scriptedFederation(() => [remoteProfile(bobAtRemote, remoteDomain, { handle: 'bob' })]);
    const found = await callRoute(
      userRoutes({ teams: withoutTeams, ownDomain, reader, federation: up }),
      client.getUser,
      {
        userId: newUserId(),
        params,
      },
    );
    assert.equal(found.body.handle, 'bob');
    assert.deepEqual(found.body.supported_protocols, ['proteus']);
    assert.deepEqual(up.calls, [{ domain: remoteDomain, rpc: 'get-users-by-ids', input: [bobAtRemote] }]);

    const down = scriptedFederation(() => {
      throw refuse('federation-connection-refused');
    });
    await assert.rejects(
      callRoute(userRoutes({ teams: withoutTeams, ownDomain, reader, federation: down }), client.getUser, {
        userId: newUserId(),
        params,
      }),
      refusal('federation-connection-refused'),
    );
    const empty = scriptedFederation(() => []);
    await assert.rejects(
      callRoute(userRoutes({ teams: withoutTeams, ownDomain, reader, federation: empty }), client.getUser, {
        userId: newUserId(),
        params,
      }),
      refusal('not-found:user'),
    );
  });
});

describe('an answer about users', () => {
  const hostile: readonly (readonly [string, unknown, string])[] = [
    ['names a user of our own', [remoteProfile(bobAtRemote, ownDomain)], 'federation-unexpected-body'],
    [
      'names a user of a third backend',
      [remoteProfile(bobAtRemote, 'c.example.com')],
      'federation-unexpected-body',
    ],
    ['names somebody who was not asked for', [remoteProfile(newUserId())], 'federation-unexpected-body'],
    ['is no list', { users: [] }, 'federation-invalid-body'],
    [
      'has a profile without a name',
      [{ ...remoteProfile(bobAtRemote), name: undefined }],
      'federation-invalid-body',
    ],
  ];
  for (const [what, answer, label] of hostile) {
    it(`that ${what} is refused for one user and fails its domain in a list`, async () => {
      await using db = await openTestStorage();
      const federation = scriptedFederation(() => answer);
      const routes = userRoutes({ teams: withoutTeams, ownDomain, reader: db.storage.reader, federation });
      const userId = newUserId();
      const params = { domain: remoteDomain, uid: bobAtRemote };
      await assert.rejects(callRoute(routes, client.getUser, { userId, params }), refusal(label));
      const body = { qualified_ids: [{ domain: remoteDomain, id: bobAtRemote }] };
      const listed = await callRoute(routes, client.listUsers, { userId, body });
      assert.deepEqual(listed.body, { found: [], failed: body.qualified_ids });
    });
  }

  it('is read without its legacy id, whatever that is, and without members nobody knows', async () => {
    await using db = await openTestStorage();
    for (const id of [newUserId(), 'no-uuid', 5, null]) {
      const told = { ...remoteProfile(bobAtRemote), id, handle: null, email: null, junk: 'x'.repeat(1000) };
      const federation = scriptedFederation(() => [told, told]);
      const routes = userRoutes({ teams: withoutTeams, ownDomain, reader: db.storage.reader, federation });
      const body = { qualified_ids: [{ domain: remoteDomain, id: bobAtRemote }] };
      const listed = await callRoute(routes, client.listUsers, { userId: newUserId(), body });
      assert.deepEqual(listed.body.found, [
        { ...remoteProfile(bobAtRemote), picture: [], assets: [], supported_protocols: ['proteus'] },
      ]);
    }
  });
});

describe('POST /list-users', () => {
  it('finds the users of the backends that answer and names those of the one that fails', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const alice = await addAccount(storage, { name: 'Alice' });
    const lost = { domain: domain('c.example.com'), id: newUserId() };
    const federation = scriptedFederation(({ domain: at }) => {
      if (at === lost.domain) throw refuse('federation-tls-error');
      return [remoteProfile(bobAtRemote)];
    });
    const routes = userRoutes({ teams: withoutTeams, ownDomain, reader: storage.reader, federation });
    const body = {
      qualified_ids: [
        { domain: ownDomain, id: alice.id as UserId },
        { domain: remoteDomain, id: bobAtRemote },
        { domain: remoteDomain, id: bobAtRemote },
        { domain: remoteDomain, id: newUserId() },
        lost,
      ],
    };
    const { body: listed } = await callRoute(routes, client.listUsers, { userId: newUserId(), body });
    assert.deepEqual(
      listed.found.map((profile) => profile.qualified_id.id).toSorted(),
      [alice.id, bobAtRemote].toSorted(),
    );
    assert.deepEqual(listed.failed, [lost]);
    assert.equal(federation.calls.length, 2);
    await assert.rejects(
      callRoute(routes, client.listUsersOrFail, { userId: newUserId(), body }),
      refusal('federation-tls-error'),
    );
  });

  it('answers an empty list when nobody is known, and before version 4 refuses', async () => {
    await using db = await openTestStorage();
    const routes = userRoutes({
      teams: withoutTeams,
      ownDomain,
      reader: db.storage.reader,
      federation: noFederation,
    });
    const body = { qualified_ids: [{ domain: ownDomain, id: newUserId() }] };
    const listed = await callRoute(routes, client.listUsers, { userId: newUserId(), body });
    assert.deepEqual(listed.body, { found: [] });
    await assert.rejects(
      callRoute(routes, client.listUsersOrFail, { userId: newUserId(), body }),
      refusal('not-found'),
    );
  });

  it('resolves handles of this backend and ignores those of others', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    await addAccounts(storage, { handle: 'alice' }, { handle: 'pending', status: 'pending' });
    const routes = userRoutes({
      teams: withoutTeams,
      ownDomain,
      reader: storage.reader,
      federation: noFederation,
    });
    const handles = [
      { domain: ownDomain, handle: 'alice' as Handle },
      { domain: ownDomain, handle: 'pending' as Handle },
      { domain: remoteDomain, handle: 'bob' as Handle },
    ];
    const listed = await callRoute(routes, client.listUsers, {
      userId: newUserId(),
      body: { qualified_handles: handles },
    });
    assert.deepEqual(
      listed.body.found.map((profile) => profile.handle),
      ['alice'],
    );
  });

  it('refuses both and neither of ids and handles', async () => {
    await using db = await openTestStorage();
    const routes = userRoutes({
      teams: withoutTeams,
      ownDomain,
      reader: db.storage.reader,
      federation: noFederation,
    });
    for (const body of [{}, { qualified_ids: [], qualified_handles: [] }]) {
      await assert.rejects(
        callRoute(routes, client.listUsers, { userId: newUserId(), body }),
        refusal('bad-request'),
      );
    }
  });

  it('asks at most eight backends at once, each once, and all of them', async () => {
    await using db = await openTestStorage();
    const domains = 30;
    let started = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const federation = scriptedFederation(async ({ input }) => {
      started += 1;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      most = Math.max(most, waiting.length);
      // The calls are held until as many as may be are under way, so that one too many would show.
      if (waiting.length === 8 || started === domains)
        setImmediate(() => {
          for (const release of waiting.splice(0)) release();
        });
      await promise;
      return (input as string[]).map((id) => remoteProfile(id, 'none.example.com'));
    });
    const ids = Array.from({ length: domains }, (_, n) => ({
      domain: domain(`r${n}.example.com`),
      id: newUserId(),
    }));
    const routes = userRoutes({ teams: withoutTeams, ownDomain, reader: db.storage.reader, federation });
    const listed = await callRoute(routes, client.listUsers, {
      userId: newUserId(),
      body: { qualified_ids: ids },
    });
    assert.equal(most, 8);
    assert.equal(federation.calls.length, domains);
    assert.deepEqual(listed.body, { found: [], failed: ids });
  });

  it('lists 10,000 users of two backends with one call', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const own = await addAccounts(storage, ...Array.from({ length: 5_000 }, () => ({ name: '' })));
    const federation = scriptedFederation(({ input }) => (input as string[]).map((id) => remoteProfile(id)));
    const routes = userRoutes({ teams: withoutTeams, ownDomain, reader: storage.reader, federation });
    const ids = [
      ...own.map((account) => ({ domain: ownDomain, id: account.id as UserId })),
      ...Array.from({ length: 5_000 }, () => ({ domain: remoteDomain, id: newUserId() })),
    ];
    const listed = await callRoute(routes, client.listUsers, {
      userId: newUserId(),
      body: { qualified_ids: ids },
    });
    assert.equal(listed.body.found.length, 10_000);
    assert.equal(listed.body.failed, undefined);
    assert.equal(federation.calls.length, 1);
  });

  it('lets a bug in a call through instead of calling it a failed backend', async () => {
    await using db = await openTestStorage();
    const routes = userRoutes({
      teams: withoutTeams,
      ownDomain,
      reader: db.storage.reader,
      federation: noFederation,
    });
    const body = { qualified_ids: [{ domain: remoteDomain, id: bobAtRemote }] };
    await assert.rejects(
      callRoute(routes, client.listUsers, { userId: newUserId(), body }),
      /unexpected call/,
    );
  });
});

describe('routes of versions 0 and 1', () => {
  it('find a local handle, and a remote one by asking', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const alice = await addAccount(storage, { handle: 'alice' });
    const federation = scriptedFederation(({ input }) =>
      input === 'bob' ? remoteProfile(bobAtRemote, remoteDomain, { handle: 'bob' }) : null,
    );
    const routes = userRoutes({ teams: withoutTeams, ownDomain, reader: storage.reader, federation });
    const find = (at: typeof ownDomain, handle: string) =>
      callRoute(routes, client.getUserWithHandle, {
        userId: newUserId(),
        params: { domain: at, handle: handle as Handle },
      });
    assert.equal((await find(ownDomain, 'alice')).body.qualified_id.id, alice.id);
    assert.equal((await find(remoteDomain, 'bob')).body.qualified_id.id, bobAtRemote);
    await assert.rejects(find(ownDomain, 'nobody'), refusal('not-found:handle'));
    await assert.rejects(find(remoteDomain, 'nobody'), refusal('not-found:handle'));
    const owner = await callRoute(routes, client.getHandleOwner, {
      userId: newUserId(),
      params: { handle: 'alice' as Handle },
    });
    assert.deepEqual(owner.body, { qualified_user: { domain: ownDomain, id: alice.id }, user: alice.id });
  });

  it('refuse a remote that answers with another handle or another backend’s user', async () => {
    await using db = await openTestStorage();
    for (const told of [
      remoteProfile(bobAtRemote, remoteDomain, { handle: 'mallory' }),
      remoteProfile(bobAtRemote),
      remoteProfile(bobAtRemote, ownDomain, { handle: 'bob' }),
    ]) {
      const federation = scriptedFederation(() => told);
      const routes = userRoutes({ teams: withoutTeams, ownDomain, reader: db.storage.reader, federation });
      await assert.rejects(
        callRoute(routes, client.getUserWithHandle, {
          userId: newUserId(),
          params: { domain: remoteDomain, handle: 'bob' as Handle },
        }),
        refusal('federation-unexpected-body'),
      );
    }
  });

  it('list users by ids or at most four handles', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const alice = await addAccount(storage, accountRow({ handle: 'alice' }));
    const routes = userRoutes({
      teams: withoutTeams,
      ownDomain,
      reader: storage.reader,
      federation: noFederation,
    });
    const list = (query: { ids?: string; handles?: string }) =>
      callRoute(routes, client.getUsers, { userId: newUserId(), query });
    const byIds = await list({ ids: `${alice.id.toUpperCase()},${newUserId()}` });
    assert.deepEqual(
      byIds.body.map((profile) => profile.id),
      [alice.id],
    );
    assert.equal((await list({ handles: 'alice,nobody' })).body.length, 1);
    await assert.rejects(list({ handles: 'nobody' }), refusal('not-found'));
    for (const query of [{}, { ids: '1' }, { handles: 'A' }, { handles: 'aa,bb,cc,dd,ee' }]) {
      await assert.rejects(list(query), refusal('bad-request'));
    }
  });
});
