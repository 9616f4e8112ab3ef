import { randomBytes, randomUUID } from 'node:crypto';
import type { Invitation, InvitationRequest } from '#contract/client/team-invitations.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { isWithin, permissionsOf, type Team, type TeamRole } from '#contract/teams.ts';
import type { Reader, Storage, TeamInvitationRow, Work } from '#storage';
import { findFeature } from '../features/feature-store.ts';
import { getInviter } from '../members/checks.ts';
import type { Member } from '../members/member-store.ts';
import type { TeamAccounts } from '../needs.ts';
import type { TeamsSettings } from '../settings.ts';
import { lockTeam } from '../team-store.ts';
import {
  addInvitation,
  countInvitations,
  findInvitation,
  listInvitations,
  removeExpiredInvitations,
  removeInvitation,
} from './invitation-store.ts';

/** Asking people into a team. Every use @throws Refusal `insufficient-permissions` for who may not add members. */
export interface Invitations {
  /**
   * Mails an invitation.
   * @throws Refusal `no-email`, `invalid-email`, `blacklisted-email`, `email-exists`, `too-many-team-invitations`
   */
  invite(inviter: UserId, team: TeamId, wanted: InvitationRequest): Promise<Invitation>;
  list(viewer: UserId, team: TeamId, page: InvitationRange): Promise<InvitationsPage>;
  /** @throws Refusal `not-found` */
  get(viewer: UserId, team: TeamId, id: string): Promise<Invitation>;
  remove(actor: UserId, team: TeamId, id: string): Promise<void>;
}

export interface InvitationRange {
  readonly after: string;
  readonly limit: number;
}

export interface InvitationsPage {
  readonly invitations: Invitation[];
  readonly hasMore: boolean;
}

export interface InvitationNeeds {
  readonly storage: Storage;
  readonly accounts: () => TeamAccounts;
  readonly settings: TeamsSettings;
  readonly now: () => number;
}

export function createInvitations({ storage, accounts, settings, now }: InvitationNeeds): Invitations {
  const { reader } = storage;

  /** How members see invitations: with the mailed link where the team's admins may have it. */
  async function viewFor(view: Reader, team: TeamId): Promise<(row: TeamInvitationRow) => Invitation> {
    const { status } = await findFeature(view, team, 'exposeInvitationURLsToTeamAdmin');
    if (status === 'disabled') return viewOf;
    return (row) => ({ ...viewOf(row), url: linkOf(settings.invitationUrl, row.code) });
  }

  async function add(work: Work, team: TeamId, row: TeamInvitationRow): Promise<Invited> {
    const known = await lockTeam(work, team);
    const inviter = await getInviter(work.reader, team, row.created_by as UserId);
    if (known === undefined || !mayInvite(inviter, row.role as TeamRole)) {
      throw refuse('insufficient-permissions');
    }
    if (await accounts().isEmailTaken(work.reader, row.email_key)) throw refuse('email-exists');
    await removeExpiredInvitations(work, team, now());
    if ((await countInvitations(work.reader, team)) >= settings.maxTeamSize) {
      throw refuse('too-many-team-invitations');
    }
    await addInvitation(work, row);
    return { team: known, invitation: (await viewFor(work.reader, team))(row) };
  }

  return {
    async invite(inviter, team, wanted) {
      const from = await accounts().findEmail(inviter);
      if (from === undefined) throw refuse('no-email');
      // Who may not invite learns nothing about addresses.
      await getInviter(reader, team, inviter);
      const email = accounts().readInvitee(wanted.email);
      const row: TeamInvitationRow = {
        team,
        id: randomUUID(),
        code: randomBytes(24).toString('base64url'),
        email: email.text,
        email_key: email.key,
        name: wanted.name ?? null,
        role: wanted.role ?? 'member',
        created_by: inviter,
        created_at: now(),
        expires_at: now() + settings.invitationSeconds * 1000,
      };
      const invited = await storage.work((work) => add(work, team, row));
      const url = linkOf(settings.invitationUrl, row.code);
      const { code, name } = row;
      accounts().mailInvitation({ to: row.email, name, from, team: invited.team.name, code, url });
      return invited.invitation;
    },

    async list(viewer, team, { after, limit }) {
      await getInviter(reader, team, viewer);
      const rows = await listInvitations(reader, team, now(), { after, limit: limit + 1 });
      const view = await viewFor(reader, team);
      return { invitations: rows.slice(0, limit).map(view), hasMore: rows.length > limit };
    },

    async get(viewer, team, id) {
      await getInviter(reader, team, viewer);
      const row = await findInvitation(reader, team, id, now());
      if (row === undefined) throw refuse('not-found:invitation');
      return (await viewFor(reader, team))(row);
    },

    async remove(actor, team, id) {
      await storage.work(async (work) => {
        await getInviter(work.reader, team, actor);
        await removeInvitation(work, team, id);
      });
    },
  };
}

interface Invited {
  readonly team: Team;
  readonly invitation: Invitation;
}

/** Nobody is invited to more than the inviter may let others do. */
function mayInvite({ permissions }: Member, role: TeamRole): boolean {
  return isWithin(permissionsOf(role), permissions.copy);
}

/** An invitation without its code. */
export function viewOf(row: TeamInvitationRow): Invitation {
  return {
    team: row.team as TeamId,
    id: row.id,
    role: row.role as TeamRole,
    created_at: new Date(row.created_at).toISOString(),
    created_by: row.created_by as UserId,
    email: row.email,
    ...(row.name === null ? {} : { name: row.name }),
  };
}

function linkOf(page: string, code: string): string {
  const link = new URL(page);
  link.searchParams.set('team-code', code);
  return link.href;
}
