import { Type } from 'typebox';
import { RoleName, SelfMember, TypingStatus } from '../conversations.ts';
import { ConversationEvent, MemberSettings } from '../events/conversation.ts';
import { QualifiedUserId } from '../profiles.ts';
import { route } from '../route.ts';
import { ConversationIdSchema, Domain, Nullable, UserIdSchema } from '../schema.ts';

/** Members of conversations, and what they set and show (reference client-api 4.5, 4.6). */

const own = { cnv: ConversationIdSchema };
const qualified = { domain: Domain, cnv: ConversationIdSchema };
const changed = { 200: ConversationEvent, 204: null } as const;
const role = Type.Optional(Nullable(RoleName));

const Invite = Type.Object({
  users: Type.Array(UserIdSchema, { minItems: 1 }),
  conversation_role: role,
});
const QualifiedInvite = Type.Object({
  qualified_users: Type.Array(QualifiedUserId, { minItems: 1 }),
  conversation_role: role,
});

export const addOwnDomainMembers = route('POST', '/conversations/:cnv/members', {
  about: 'Adds users of this backend to a conversation.',
  auth: 'user',
  versions: [0, 2],
  params: own,
  body: Invite,
  answers: changed,
});

export const addMembersV1 = route('POST', '/conversations/:cnv/members/v2', {
  about: 'Adds users to a conversation.',
  auth: 'user',
  versions: [0, 2],
  params: own,
  body: QualifiedInvite,
  answers: changed,
});

export const addMembers = route('POST', '/conversations/:domain/:cnv/members', {
  about: 'Adds users to a conversation.',
  auth: 'user',
  versions: [2],
  params: qualified,
  body: QualifiedInvite,
  answers: changed,
});

export const removeOwnDomainMember = route('DELETE', '/conversations/:cnv/members/:usr', {
  about: 'Takes a user of this backend out of a conversation.',
  auth: 'user',
  versions: [0, 2],
  params: { ...own, usr: UserIdSchema },
  answers: changed,
});

export const removeMember = route('DELETE', '/conversations/:domain/:cnv/members/:userDomain/:usr', {
  about: 'Takes a user, or oneself, out of a conversation.',
  auth: 'user',
  params: { ...qualified, userDomain: Domain, usr: UserIdSchema },
  answers: changed,
});

const RoleUpdate = Type.Object({ conversation_role: role });

export const updateOwnDomainMember = route('PUT', '/conversations/:cnv/members/:usr', {
  about: 'Gives a member of this backend a role.',
  auth: 'user',
  versions: [0, 7],
  params: { ...own, usr: UserIdSchema },
  body: RoleUpdate,
  answers: { 200: null },
});

export const updateMember = route('PUT', '/conversations/:domain/:cnv/members/:userDomain/:usr', {
  about: 'Gives a member a role.',
  auth: 'user',
  params: { ...qualified, userDomain: Domain, usr: UserIdSchema },
  body: RoleUpdate,
  answers: { 200: null },
});

export const getSelf = route('GET', '/conversations/:cnv/self', {
  about: 'The own membership in a conversation of this backend.',
  auth: 'user',
  versions: [0, 8],
  params: own,
  answers: { 200: Nullable(SelfMember) },
});

export const updateOwnDomainSelf = route('PUT', '/conversations/:cnv/self', {
  about: 'Mutes, archives or hides a conversation of this backend for oneself.',
  auth: 'user',
  versions: [0, 8],
  params: own,
  body: MemberSettings,
  answers: { 200: null },
});

export const updateSelf = route('PUT', '/conversations/:domain/:cnv/self', {
  about: 'Mutes, archives or hides a conversation for oneself.',
  auth: 'user',
  params: qualified,
  body: MemberSettings,
  answers: { 200: null },
});

export const typeInOwnDomain = route('POST', '/conversations/:cnv/typing', {
  about: 'Says that one types, or has stopped.',
  auth: 'user',
  versions: [0, 3],
  params: own,
  body: TypingStatus,
  answers: { 200: null },
});

export const typeIn = route('POST', '/conversations/:domain/:cnv/typing', {
  about: 'Says that one types, or has stopped.',
  auth: 'user',
  params: qualified,
  body: TypingStatus,
  answers: { 200: null },
});
