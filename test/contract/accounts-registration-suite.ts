import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getCookies } from '#contract/client/cookies.ts';
import { register, sendActivation } from '#contract/client/registration.ts';
import { getSelf } from '#contract/client/self.ts';
import { createUser, getActivationCode, getUser } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { openRig, password, type Rig, refused, zuidOf } from './brig-rig.ts';

/** Reference client-api 2.3. */
export function registrationSuite(freshUrl: () => Promise<string>): void {
  const team = { name: 'Builders', icon: 'default' };

  async function mailedCode(rig: Rig, email: string): Promise<string> {
    await rig.send(sendActivation, { body: { email } });
    return (await rig.send(getActivationCode, { query: { email } })).body.code;
  }

  function asUser(userId: string): AuthenticatedUser {
    return { userId: userId as AuthenticatedUser['userId'], clientId: undefined, connectionId: '1' };
  }

  describe('registration', () => {
    it('by e-mail without a code makes an account whose profile shows no e-mail yet', async () => {
      await using rig = await openRig(await freshUrl());
      const answer = await rig.send(register, {
        body: { name: 'Alice', email: 'alice@example.com', password },
      });
      assert.equal(answer.status, 201);
      assert.equal(answer.headers?.location, answer.body.id);
      assert.deepEqual(answer.body, {
        qualified_id: { domain: 'a.example.com', id: answer.body.id },
        id: answer.body.id,
        name: 'Alice',
        picture: [],
        assets: [],
        accent_id: 0,
        locale: 'en',
        managed_by: 'wire',
        supported_protocols: ['proteus'],
      });
      assert.match(
        answer.headers?.['set-cookie'] ?? '',
        /^zuid=[^;]+; Path=\/access; Expires=[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT; HttpOnly; Secure$/,
      );
    });

    it('by e-mail with the mailed code makes an active account at once', async () => {
      await using rig = await openRig(await freshUrl());
      const email_code = await mailedCode(rig, 'Alice+x@example.com');
      const body = { name: 'Alice', email: 'alice@example.com', password, email_code, label: 'web-1' };
      const { body: profile } = await rig.send(register, { body });
      // The address that the code was mailed to is the one that was shown to be real.
      assert.equal(profile.email, 'Alice+x@example.com');
      const { cookies } = (await rig.send(getCookies, { user: asUser(profile.id) })).body;
      assert.deepEqual(
        cookies.map(({ label, type }) => ({ label, type })),
        [{ label: 'web-1', type: 'persistent' }],
      );
    });

    it('with a wrong code is refused and leaves an inactive account behind', async () => {
      await using rig = await openRig(await freshUrl());
      const code = await mailedCode(rig, 'alice@example.com');
      const email_code = code === '000000' ? '000001' : '000000';
      const body = { name: 'Alice', email: 'alice@example.com', password, email_code };
      await assert.rejects(rig.send(register, { body }), refused('invalid-code', 404));
      const rows = await rig.storage.reader.selectFrom('account').select(['status', 'email']).execute();
      assert.deepEqual(
        [...rows].map((row) => ({ ...row })),
        [{ status: 'pending', email: null }],
      );
      await rig.send(register, { body: { ...body, email_code: code } });
    });

    it('as team creator gives the account a team', async () => {
      await using rig = await openRig(await freshUrl());
      const email_code = await mailedCode(rig, 'alice@example.com');
      const body = { name: 'Alice', email: 'alice@example.com', password, email_code, team };
      const { body: profile } = await rig.send(register, { body });
      assert.match(profile.team ?? '', /^[0-9a-f-]{36}$/);
    });

    it('without an identity makes an ephemeral account with a session cookie', async () => {
      await using rig = await openRig(await freshUrl());
      const answer = await rig.send(register, { body: { name: 'Guest', expires_in: 60 } });
      assert.equal(answer.body.expires_at, new Date(rig.clock.now + 60_000).toISOString());
      assert.doesNotMatch(answer.headers?.['set-cookie'] ?? '', /Expires/);
      assert.match(zuidOf(answer) ?? '', /\.l=s\./);
      const account = await rig.send(getUser, { params: { uid: answer.body.id } });
      assert.equal(account.body.status, 'ephemeral');
      const lasting = await rig.send(register, { body: { name: 'Guest' } });
      assert.equal(lasting.body.expires_at, new Date(rig.clock.now + 86_400_000).toISOString());
    });

    it('keeps what the body says of the profile', async () => {
      await using rig = await openRig(await freshUrl());
      const profile = {
        name: 'Zoë 🐎',
        accent_id: -3,
        locale: 'de-AT',
        picture: [{ any: 'thing' }],
        assets: [{ key: '3-1-47de4580-ae51-4650-acbb-d10c028cb0ac', size: 'preview', type: 'image' }],
        supported_protocols: ['mls', 'proteus'],
      };
      const { body } = await rig.send(createUser, {
        body: { ...profile, email: 'zoe@example.com', password },
      });
      const self = await rig.send(getSelf, { user: asUser(body.id) });
      const { id, qualified_id, managed_by, email, ...kept } = self.body;
      assert.deepEqual(kept, profile);
      assert.equal(email, 'zoe@example.com');
    });

    const inconsistent: readonly [what: string, body: object, message: RegExp][] = [
      ['a name of no characters', { name: '' }, /body\.name/],
      ['a name of 129 characters', { name: 'x'.repeat(129) }, /body\.name/],
      ['a password of 7 characters', { password: 'seven77' }, /body\.password/],
      ['a password of 1025 characters', { password: 'x'.repeat(1025) }, /body\.password/],
      ['a life of no time', { email: undefined, expires_in: 0 }, /body\.expires_in/],
      ['a life of more than a week', { email: undefined, expires_in: 604_801 }, /body\.expires_in/],
      ['a life beside an e-mail', { expires_in: 60 }, /expires_in/],
      ['an unknown protocol', { supported_protocols: ['xmpp'] }, /supported_protocols/],
      ['a locale that is none', { locale: 'english' }, /body\.locale/],
      ['a team and a team code', { team, team_code: 'abc' }, /team_code and team/],
      [
        'an invitation and a team code',
        { invitation_code: 'abc', team_code: 'abc' },
        /invitation_code and team_code/,
      ],
      ['a team without a password', { team, password: undefined }, /password/],
      ['a team code without a password', { team_code: 'abc', password: undefined }, /password/],
      ['an SSO id without a team', { sso_id: {} }, /sso_id and team_id/],
      ['a team without an SSO id', { team_id: '6562d941-4f40-4db4-b96e-56a06d71c2c3' }, /sso_id and team_id/],
      ['an SSO id', { sso_id: {}, team_id: '6562d941-4f40-4db4-b96e-56a06d71c2c3' }, /sso_id/],
      ['an id', { uuid: '6562d941-4f40-4db4-b96e-56a06d71c2c3' }, /uuid/],
      ['SCIM as manager', { managed_by: 'scim' }, /managed_by/],
    ];
    it('refuses bodies that contradict themselves, naming the member', async () => {
      await using rig = await openRig(await freshUrl());
      for (const [what, change, message] of inconsistent) {
        const body = { name: 'Alice', email: 'alice@example.com', password, ...change };
        const clean = JSON.parse(JSON.stringify(body)) as unknown;
        await assert.rejects(rig.send(register, { body: clean }), refused('bad-request', 400, message), what);
      }
      assert.equal((await rig.storage.reader.selectFrom('account').select('id').execute()).length, 0);
    });

    it('refuses in the order of the reference', async () => {
      const url = await freshUrl();
      const body = { name: 'Alice', email: 'not an e-mail', phone: '+1', password, team_code: 'abc' };
      const settings = {
        restrictUserCreation: true,
        allowedEmailDomains: ['example.com'],
        blacklistedEmails: ['eve@example.com'],
      };
      {
        await using rig = await openRig(url, { settings });
        const { team_code, ...personal } = body;
        await assert.rejects(
          rig.send(register, { body: personal }),
          refused('user-creation-restricted', 403),
        );
        await assert.rejects(rig.send(register, { body }), refused('unauthorized', 403));
      }
      await using rig = await openRig(url, { settings: { blacklistedEmails: ['eve@example.com'] } });
      await rig.addUser('bob@example.com');
      const attempts: readonly [object, string, number][] = [
        [body, 'invalid-email', 400],
        [{ ...body, email: 'bob@example.com' }, 'invalid-phone', 400],
        [{ ...body, email: 'Bob+2@example.com', phone: undefined }, 'key-exists', 409],
        [{ ...body, email: 'eve@example.com', phone: undefined }, 'blacklisted-email', 403],
        [{ ...body, email: undefined, phone: undefined }, 'missing-identity', 403],
        [{ ...body, email: 'carol@example.com', phone: undefined }, 'invalid-invitation-code', 400],
      ];
      for (const [attempt, label, status] of attempts) {
        const clean = JSON.parse(JSON.stringify(attempt)) as unknown;
        await assert.rejects(rig.send(register, { body: clean }), refused(label, status));
      }
    });

    it('lets allowed domains and ephemeral users through', async () => {
      await using rig = await openRig(await freshUrl(), {
        settings: { restrictUserCreation: true, allowedEmailDomains: ['Example.com'] },
      });
      await rig.send(register, { body: { name: 'Guest' } });
      await rig.send(sendActivation, { body: { email: 'alice@EXAMPLE.com' } });
    });

    it('by an operator makes an active user without a cookie, and refuses as for the public', async () => {
      await using rig = await openRig(await freshUrl());
      const body = { name: 'Alice', email: 'alice@example.com', password, team: { ...team, binding: true } };
      const answer = await rig.send(createUser, { body });
      assert.equal(answer.status, 201);
      assert.equal(answer.headers?.location, answer.body.id);
      assert.equal(answer.headers?.['set-cookie'], undefined);
      assert.equal(answer.body.email, 'alice@example.com');
      assert.notEqual(answer.body.team, undefined);
      await rig.logIn('alice@example.com');
      await assert.rejects(rig.send(createUser, { body }), refused('key-exists', 409));
      await assert.rejects(
        rig.send(createUser, { body: { ...body, email: 'x' } }),
        refused('invalid-email', 400),
      );
    });

    it('gives an e-mail to one of those who want it at once', async () => {
      await using rig = await openRig(await freshUrl());
      const results = await Promise.allSettled(
        ['alice@example.com', 'Alice@example.com', 'alice+1@example.com', 'alice+2@EXAMPLE.com'].map(
          (email) => rig.addUser(email),
        ),
      );
      const failures = results.filter((result) => result.status === 'rejected');
      assert.equal(failures.length, 3);
      for (const { reason } of failures) refused('key-exists', 409)(reason);
    });
  });
}
