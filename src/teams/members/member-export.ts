import type { MemberCard } from '#contract/accounts.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { isAdmin, roleOf } from '#contract/teams.ts';
import type { Reader } from '#storage';
import type { TeamAccounts } from '../needs.ts';
import { findMember, listAllMembers, type Member } from './member-store.ts';

/** All members of a team as a table for spreadsheets (RFC 4180), in wire-server's columns. */
export interface MemberExport {
  /** Read while it is taken, some members at a time. @throws Refusal `access-denied` for who is no admin */
  open(viewer: UserId, team: TeamId): Promise<AsyncIterable<Uint8Array>>;
}

/** Columns in order. Nothing fills `scim_rich_info`: no directory tells more here than who somebody is. */
const columns = [
  'display_name',
  'handle',
  'email',
  'role',
  'created_on',
  'invited_by',
  'idp_issuer',
  'managed_by',
  'saml_name_id',
  'scim_external_id',
  'scim_rich_info',
  'user_id',
  'num_devices',
] as const;
type ExportRow = Readonly<Partial<Record<(typeof columns)[number], string>>>;

const membersAtOnce = 500;

export function createMemberExport(
  reader: Reader,
  accounts: () => Pick<TeamAccounts, 'listCards'>,
): MemberExport {
  async function* write(team: TeamId): AsyncGenerator<Uint8Array> {
    yield Buffer.from(lineOf(columns));
    for await (const members of listAllMembers(reader, team, membersAtOnce)) {
      const inviters = members.flatMap(({ invited }) => (invited === undefined ? [] : [invited.by]));
      const cards = await accounts().listCards(reader, [...members.map(({ user }) => user), ...inviters]);
      const lines = members.map((member) => {
        const row = rowOf(member, cards);
        return row === undefined ? '' : lineOf(columns.map((column) => row[column] ?? ''));
      });
      yield Buffer.from(lines.join(''));
    }
  }

  return {
    async open(viewer, team) {
      const member = await findMember(reader, team, viewer);
      if (member === undefined || !isAdmin(member.permissions.self)) throw refuse('access-denied:resource');
      return write(team);
    },
  };
}

/** Undefined for a member whose account has ended or waits for its first address. */
function rowOf(member: Member, cards: ReadonlyMap<UserId, MemberCard>): ExportRow | undefined {
  const card = cards.get(member.user);
  if (card === undefined) return undefined;
  const { invited } = member;
  return {
    display_name: card.name,
    handle: card.handle,
    email: card.email,
    role: roleOf(member.permissions.self),
    created_on: invited && new Date(invited.at).toISOString(),
    invited_by: invited && cards.get(invited.by)?.handle,
    idp_issuer: card.idpIssuer,
    managed_by: card.managedBy,
    saml_name_id: card.samlNameId,
    scim_external_id: card.scimExternalId,
    user_id: member.user,
    num_devices: String(card.devices),
  };
}

function lineOf(fields: readonly string[]): string {
  return `${fields.map(fieldOf).join(',')}\r\n`;
}

/** Spreadsheets take what begins so for a formula: members choose their names, and admins open the table. */
const formulaStart = /^[=+\-@\t\r']/;

function fieldOf(text: string): string {
  const harmless = formulaStart.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
