import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { addClientV6 } from '#contract/client/clients.ts';
import { getActivate, register } from '#contract/client/registration.ts';
import { putSelf, putSelfHandle } from '#contract/client/self.ts';
import { createInvitation } from '#contract/client/team-invitations.ts';
import { putUserEmail } from '#contract/client/team-mates.ts';
import { browseTeam } from '#contract/client/team-search.ts';
import { getTeamMembersTable } from '#contract/client/teams.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { createSparUser } from '#contract/internal/logins.ts';
import { getInvitationCode } from '#contract/internal/teams.ts';
import { getActivationCode, getUser, putUserStatus } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import type { TeamRole } from '#contract/teams.ts';
import { password, refused } from './brig-rig.ts';
import { newClient } from './clients-suite.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** Lists of a team's members for who administers it: searched, sorted, and as a table. */
export function teamListingSuite(freshUrl: () => Promise<string>): void {
  const browse = async (
    rig: TeamsRig,
    user: AuthenticatedUser,
    tid: TeamId,
    query: Readonly<Record<string, string>> = {},
  ) => (await rig.send(browseTeam, { user, params: { tid }, query })).body;
  async function addNamed(rig: TeamsRig, team: TeamId, role: TeamRole, name: string, handle?: string) {
    const user = await rig.addMember(team, role);
    await rig.send(putSelf, { user, body: { name } });
    if (handle !== undefined) await rig.send(putSelfHandle, { user, body: { handle } });
    rig.clock.now += 1000;
    return user;
  }
  async function openNamedTeam(rig: TeamsRig) {
    const { owner, team } = await rig.addOwner();
    await rig.send(putSelf, { user: owner, body: { name: 'Olga Owner' } });
    rig.clock.now += 1000;
    const zoe = await addNamed(rig, team, 'member', 'Zoë Smith', 'zed');
    const anna = await addNamed(rig, team, 'admin', 'Anna Smith', 'anny');
    const ben = await addNamed(rig, team, 'partner', 'Ben Annandale');
    return { owner, team, zoe, anna, ben };
  }
  async function addFromProvider(rig: TeamsRig, team: TeamId): Promise<string> {
    const newUserSparUUID = randomUUID();
    const body = {
      newUserSparUUID,
      newUserSparSSOId: {
        tenant: '<Issuer xmlns="urn:oasis">https://idp.example.com/?a&amp;b</Issuer>',
        subject: '<NameID>sam</NameID>',
      },
      newUserSparDisplayName: 'Sam',
      newUserSparTeamId: team,
      newUserSparManagedBy: 'scim',
      newUserSparRole: 'member',
    };
    await rig.send(createSparUser, { body });
    return newUserSparUUID;
  }
  const namesOf = ({ documents }: { readonly documents: readonly { readonly name: string }[] }) =>
    documents.map(({ name }) => name.split(' ')[0]);

  describe('the list of the members of a team', () => {
    it('shows the newest first, each with its role', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team, zoe } = await openNamedTeam(rig);
      const { took, paging_state: state, ...list } = await browse(rig, owner, team);
      assert.ok(Number.isInteger(took));
      assert.equal(typeof state, 'string');
      assert.deepEqual(namesOf(list), ['Ben', 'Anna', 'Zoë', 'Olga']);
      const { documents, ...counts } = list;
      assert.deepEqual(counts, { found: 4, returned: 4, search_policy: 'full_search', has_more: false });
      const account = (await rig.send(getUser, { params: { uid: zoe.userId } })).body;
      assert.deepEqual(documents[2], {
        id: zoe.userId,
        name: 'Zoë Smith',
        accent_id: 0,
        handle: 'zed',
        team,
        email: account.email,
        email_unvalidated: null,
        created_at: new Date(rig.clock.now - 3000).toISOString(),
        managed_by: 'wire',
        role: 'member',
        saml_idp: null,
        scim_external_id: null,
        sso: null,
      });
    });

    it('finds by the beginnings of words, by handle and by e-mail address, exact ones first', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team, zoe } = await openNamedTeam(rig);
      const find = async (q: string) => namesOf(await browse(rig, owner, team, { q }));
      assert.deepEqual(await find('smi zoe'), ['Zoë']);
      assert.deepEqual(await find('ZED'), ['Zoë']);
      assert.deepEqual(await find('anna'), ['Anna', 'Ben']);
      const { email = '' } = (await rig.send(getUser, { params: { uid: zoe.userId } })).body;
      assert.deepEqual((await find(email))[0], 'Zoë');
      assert.deepEqual(await find('nobody'), []);
      assert.deepEqual(await find('mith'), []);
    });

    it('is sorted as asked, with those who have nothing to be sorted by at the end', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await openNamedTeam(rig);
      const sorted = async (sortby: string, sortorder: string) =>
        namesOf(await browse(rig, owner, team, { sortby, sortorder }));
      assert.deepEqual(await sorted('name', 'asc'), ['Anna', 'Ben', 'Olga', 'Zoë']);
      assert.deepEqual(await sorted('name', 'desc'), ['Zoë', 'Olga', 'Ben', 'Anna']);
      assert.deepEqual(await sorted('created_at', 'asc'), ['Olga', 'Zoë', 'Anna', 'Ben']);
      assert.deepEqual(await sorted('role', 'asc'), ['Anna', 'Zoë', 'Olga', 'Ben']);
      assert.deepEqual((await sorted('handle', 'asc')).slice(0, 2), ['Anna', 'Zoë']);
      assert.deepEqual((await sorted('handle', 'desc')).slice(0, 2), ['Zoë', 'Anna']);
      for (const sortby of ['email', 'managed_by', 'saml_idp']) {
        assert.equal((await sorted(sortby, 'desc')).length, 4);
      }
    });

    it('shows who comes from an identity provider, and sorts by it', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      await addFromProvider(rig, team);
      const [first] = (await browse(rig, owner, team, { sortby: 'saml_idp' })).documents;
      assert.deepEqual(
        [first?.saml_idp, first?.sso, first?.scim_external_id, first?.managed_by],
        [
          'https://idp.example.com/?a&b',
          { issuer: 'https://idp.example.com/?a&b', nameid: 'sam' },
          'sam',
          'scim',
        ],
      );
    });

    it('is filtered by roles', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await openNamedTeam(rig);
      const withRoles = async (frole: string) =>
        namesOf(await browse(rig, owner, team, { frole, sortby: 'name' }));
      assert.deepEqual(await withRoles('admin,partner'), ['Anna', 'Ben']);
      assert.deepEqual(await withRoles(''), ['Anna', 'Ben', 'Olga', 'Zoë']);
      await assert.rejects(withRoles('king'), refused('bad-request', 400));
    });

    it('comes in pages, each member once, also when one is renamed between them', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team, ben } = await openNamedTeam(rig);
      const query = { sortby: 'name', size: '2' };
      const first = await browse(rig, owner, team, query);
      assert.deepEqual([namesOf(first), first.has_more, first.found], [['Anna', 'Ben'], true, 4]);
      await rig.send(putSelf, { user: ben, body: { name: 'Aaron Annandale' } });
      const pagingState = first.paging_state ?? '';
      const second = await browse(rig, owner, team, { ...query, pagingState });
      assert.deepEqual([namesOf(second), second.has_more], [['Olga', 'Zoë'], false]);
      const end = await browse(rig, owner, team, { ...query, pagingState: second.paging_state ?? '' });
      assert.deepEqual([end.documents, end.has_more, end.paging_state], [[], false, undefined]);
    });

    it('is refused for sizes, orders and paging states that are none', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const odd = Buffer.from('{"a":1}').toString('base64url');
      const queries: readonly Readonly<Record<string, string>>[] = [
        { size: '0' },
        { size: '501' },
        { sortby: 'age' },
        { sortorder: 'up' },
        { pagingState: '%' },
        { pagingState: odd },
      ];
      for (const query of queries) {
        await assert.rejects(browse(rig, owner, team, query), refused('bad-request', 400));
      }
    });

    it('is for those who may add members', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { team, anna, zoe, ben } = await openNamedTeam(rig);
      assert.equal((await browse(rig, anna, team)).found, 4);
      const { owner: other } = await rig.addOwner();
      for (const user of [zoe, ben, other, await rig.addStranger()]) {
        await assert.rejects(browse(rig, user, team), refused('insufficient-permissions', 403));
      }
    });

    it('tells which address a member has asked for, until it is proven', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team, zoe } = await openNamedTeam(rig);
      const email = 'new@example.com';
      await rig.send(putUserEmail, { user: owner, params: { uid: zoe.userId }, body: { email } });
      const shown = async () => {
        const [document] = (await browse(rig, owner, team, { q: 'zed' })).documents;
        return [document?.email === email, document?.email_unvalidated];
      };
      assert.deepEqual(await shown(), [false, email]);
      const { body: query } = await rig.send(getActivationCode, { query: { email } });
      await rig.send(getActivate, { query });
      assert.deepEqual(await shown(), [true, null]);
    });
  });

  describe('the table of the members of a team', () => {
    const table = (rig: TeamsRig, user: AuthenticatedUser, tid: TeamId) =>
      rig.send(getTeamMembersTable, { user, params: { tid } });
    async function linesOf(rig: TeamsRig, user: AuthenticatedUser, tid: TeamId) {
      const chunks = await Array.fromAsync((await table(rig, user, tid)).body);
      return Buffer.concat(chunks).toString().split('\r\n');
    }

    it('has a line for each, with who has invited it and how many devices it has', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      await rig.send(putSelfHandle, { user: owner, body: { handle: 'olga' } });
      const email = 'bob@example.com';
      const params = { tid: team };
      const { body: invitation } = await rig.send(createInvitation, {
        user: owner,
        params,
        body: { email, role: 'admin' },
      });
      const query = { team, invitation_id: invitation.id };
      const { code: team_code } = (await rig.send(getInvitationCode, { query })).body;
      const { body: bob } = await rig.send(register, { body: { name: 'Bob', email, password, team_code } });
      const user = { userId: bob.id as UserId, clientId: undefined, connectionId: '1' };
      await rig.send(addClientV6, { user, body: newClient() });
      const answer = await table(rig, user, team);
      assert.deepEqual(answer.headers, {
        'content-type': 'text/csv',
        'content-disposition': 'attachment; filename="wire_team_members.csv"',
      });
      const [head, ...lines] = await linesOf(rig, owner, team);
      assert.equal(
        head,
        '"display_name","handle","email","role","created_on","invited_by","idp_issuer","managed_by",' +
          '"saml_name_id","scim_external_id","scim_rich_info","user_id","num_devices"',
      );
      const invitedAt = new Date(rig.clock.now).toISOString();
      assert.ok(
        lines.includes(
          `"Bob","","${email}","admin","${invitedAt}","olga","","wire","","","","${bob.id}","1"`,
        ),
      );
      assert.ok(lines.some((line) => line.startsWith('"Somebody","olga",') && line.endsWith('","0"')));
      assert.deepEqual([lines.length, lines.at(-1)], [3, '']);
    });

    it('holds nothing that a spreadsheet takes for a formula or for another field', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const shown = async (name: string) => {
        await rig.send(putSelf, { user: owner, body: { name } });
        return (await linesOf(rig, owner, team))[1] ?? '';
      };
      for (const start of ['=', '+', '-', '@', '\t', "'"]) {
        assert.ok((await shown(`${start}1`)).startsWith(`"'${start}1",`));
      }
      assert.ok((await shown('a","b')).startsWith('"a"",""b","",'));
    });

    it('tells who comes from an identity provider', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const user = await addFromProvider(rig, team);
      const lines = await linesOf(rig, owner, team);
      const line = `"Sam","","","member","","","https://idp.example.com/?a&b","scim","sam","sam","","${user}","0"`;
      assert.ok(lines.includes(line));
    });

    it('has suspended members as well', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      await rig.send(putUserStatus, { params: { uid: member.userId }, body: { status: 'suspended' } });
      assert.equal((await linesOf(rig, owner, team)).length, 4);
    });

    it('is for admins', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { team } = await rig.addOwner();
      const { owner: other } = await rig.addOwner();
      for (const user of [await rig.addMember(team, 'member'), other, await rig.addStranger()]) {
        await assert.rejects(table(rig, user, team), refused('access-denied', 403));
      }
    });
  });
}
