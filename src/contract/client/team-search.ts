import { Type } from 'typebox';
import { SearchPolicy } from '../profiles.ts';
import { route } from '../route.ts';
import { HandleSchema, Nullable, TeamIdSchema, UserIdSchema, UtcMillis } from '../schema.ts';
import { TeamRoleSchema } from '../teams.ts';

/** Looking through the members of a team, for who administers it. */

/** A member as the list shows it. Nulls are written. */
export const TeamContact = Type.Object({
  id: UserIdSchema,
  name: Type.String(),
  accent_id: Nullable(Type.Integer()),
  handle: Nullable(HandleSchema),
  team: Nullable(TeamIdSchema),
  email: Nullable(Type.String()),
  /** An address that the member has asked for and not proven yet. */
  email_unvalidated: Nullable(Type.String()),
  created_at: Nullable(UtcMillis),
  managed_by: Nullable(Type.Union([Type.Literal('wire'), Type.Literal('scim')])),
  role: Nullable(TeamRoleSchema),
  saml_idp: Nullable(Type.String()),
  scim_external_id: Nullable(Type.String()),
  sso: Nullable(Type.Object({ issuer: Type.String(), nameid: Type.String() })),
});
export type TeamContact = Type.Static<typeof TeamContact>;

const SortBy = Type.Enum(['name', 'handle', 'email', 'saml_idp', 'managed_by', 'role', 'created_at']);
export type TeamSortBy = Type.Static<typeof SortBy>;
const SortOrder = Type.Enum(['asc', 'desc']);
export type TeamSortOrder = Type.Static<typeof SortOrder>;

export const browseTeam = route('GET', '/teams/:tid/search', {
  about: 'Lists the members of a team, or those whose name, handle or e-mail address is like `q`.',
  auth: 'user',
  params: { tid: TeamIdSchema },
  query: {
    q: Type.Optional(Type.String({ maxLength: 1024 })),
    frole: Type.Optional(
      Type.String({
        pattern: '^((owner|admin|member|partner)(,(owner|admin|member|partner)){0,15})?$',
        description: 'roles, separated by commas; none: all',
      }),
    ),
    sortby: Type.Optional(SortBy),
    sortorder: Type.Optional(SortOrder),
    size: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$', description: 'a number from 1 to 500' })),
    pagingState: Type.Optional(Type.String({ maxLength: 4096 })),
  },
  answers: {
    200: Type.Object({
      documents: Type.Array(TeamContact),
      found: Type.Integer(),
      returned: Type.Integer(),
      /** Milliseconds. */
      took: Type.Integer(),
      search_policy: SearchPolicy,
      /** Where the next page starts; absent on an empty one. */
      paging_state: Type.Optional(Type.String()),
      has_more: Type.Boolean(),
    }),
  },
});
