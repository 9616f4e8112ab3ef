import { Type } from 'typebox';
import type { UserId } from './ids.ts';
import {
  Domain,
  HandleSchema,
  Nullable,
  QualifiedOf,
  TeamIdSchema,
  UserIdSchema,
  UtcMillis,
} from './schema.ts';

/** Shapes of people that client API and federation API share (reference federation-api 8.1). */

export const QualifiedUserId = QualifiedOf(UserIdSchema);

/**
 * The bare id that is written beside `qualified_id` for old readers. Reading ignores it, whatever it is (reference
 * 8.1): only `qualified_id` says who somebody is.
 */
const LegacyUserId = Type.Unsafe<UserId>(
  Type.Unknown({ description: 'legacy; equals the id of qualified_id' }),
);

export const UserAsset = Type.Object({
  key: Type.String(),
  size: Type.Optional(Type.Union([Type.Literal('preview'), Type.Literal('complete')])),
  type: Type.Literal('image'),
});

export const BaseProtocol = Type.Union([Type.Literal('proteus'), Type.Literal('mls')]);

/** How a user stands to being under legal hold. */
export const LegalholdStatus = Type.Union([
  Type.Literal('enabled'),
  Type.Literal('pending'),
  Type.Literal('disabled'),
  Type.Literal('no_consent'),
]);
export type LegalholdStatus = Type.Static<typeof LegalholdStatus>;

export const UserProfile = Type.Object({
  qualified_id: QualifiedUserId,
  id: Type.Optional(LegacyUserId),
  name: Type.String(),
  picture: Type.Optional(Type.Array(Type.Unknown())),
  assets: Type.Optional(Type.Array(UserAsset)),
  accent_id: Type.Integer(),
  deleted: Type.Optional(Type.Boolean()),
  service: Type.Optional(Type.Object({ id: Type.String(), provider: Type.String() })),
  handle: Type.Optional(Nullable(HandleSchema)),
  expires_at: Type.Optional(UtcMillis),
  team: Type.Optional(Nullable(TeamIdSchema)),
  email: Type.Optional(Nullable(Type.String())),
  legalhold_status: LegalholdStatus,
  supported_protocols: Type.Optional(Type.Array(BaseProtocol)),
});
export type UserProfile = Type.Static<typeof UserProfile>;

/** Who somebody is for single sign-on: a SAML identity, or a SCIM one. */
export const SsoId = Type.Union([
  Type.Object({ tenant: Type.String({ maxLength: 4096 }), subject: Type.String({ maxLength: 4096 }) }),
  Type.Object({ scim_external_id: Type.String({ maxLength: 4096 }) }),
]);
export type SsoId = Type.Static<typeof SsoId>;

/** What the user sees of itself (`GET /self`). */
export const SelfProfile = Type.Object({
  qualified_id: QualifiedUserId,
  id: UserIdSchema,
  name: Type.String(),
  picture: Type.Array(Type.Unknown()),
  assets: Type.Array(UserAsset),
  accent_id: Type.Integer(),
  locale: Type.String(),
  managed_by: Type.Union([Type.Literal('wire'), Type.Literal('scim')]),
  supported_protocols: Type.Array(BaseProtocol),
  email: Type.Optional(Type.String()),
  phone: Type.Optional(Type.String()),
  handle: Type.Optional(HandleSchema),
  team: Type.Optional(TeamIdSchema),
  sso_id: Type.Optional(SsoId),
  expires_at: Type.Optional(UtcMillis),
  deleted: Type.Optional(Type.Boolean()),
});
export type SelfProfile = Type.Static<typeof SelfProfile>;

/** A search result. Nulls are written. */
export const Contact = Type.Object({
  qualified_id: QualifiedUserId,
  id: Type.Optional(LegacyUserId),
  name: Type.String(),
  accent_id: Type.Optional(Nullable(Type.Integer())),
  /** Any text: wire-server checks handles of profiles, but not of search results. */
  handle: Type.Optional(Nullable(Type.String())),
  team: Type.Optional(Nullable(TeamIdSchema)),
});
export type Contact = Type.Static<typeof Contact>;

export const SearchPolicy = Type.Union([
  Type.Literal('no_search'),
  Type.Literal('exact_handle_search'),
  Type.Literal('full_search'),
]);
export type SearchPolicy = Type.Static<typeof SearchPolicy>;

/** One entry of the list of remote backends (reference federation-api 2.2). */
export const RemoteDomain = Type.Object({
  domain: Domain,
  search_policy: SearchPolicy,
  restriction: Type.Union([
    Type.Object({ tag: Type.Literal('allow_all'), value: Type.Optional(Type.Null()) }),
    Type.Object({ tag: Type.Literal('restrict_by_team'), value: Type.Array(TeamIdSchema) }),
  ]),
});
export type RemoteDomain = Type.Static<typeof RemoteDomain>;
