import * as assets from '../client/assets.ts';
import * as bots from '../client/bots.ts';
import * as clients from '../client/clients.ts';
import * as connections from '../client/connections.ts';
import * as codes from '../client/conversation-codes.ts';
import * as members from '../client/conversation-members.ts';
import * as properties from '../client/conversation-properties.ts';
import * as conversations from '../client/conversations.ts';
import * as keyPackages from '../client/key-packages.ts';
import * as legalhold from '../client/legalhold.ts';
import * as messages from '../client/messages.ts';
import * as mlsConversations from '../client/mls-conversations.ts';
import * as mlsMessages from '../client/mls-messages.ts';
import * as prekeys from '../client/prekeys.ts';
import * as search from '../client/search.ts';
import * as self from '../client/self.ts';
import * as subconversations from '../client/subconversations.ts';
import * as teams from '../client/teams.ts';
import * as users from '../client/users.ts';
import * as brig from '../federation/brig.ts';
import * as cargohold from '../federation/cargohold.ts';
import * as galley from '../federation/galley.ts';
import * as mls from '../federation/mls-conversations.ts';
import * as mlsTraffic from '../federation/mls-messages.ts';
import * as internal from '../internal/users.ts';
import type { Route } from '../route.ts';
import type { Rpc } from '../rpc.ts';

/** A federated call that the call of a client, or of the internal interface, causes. */
export interface FederatedCall {
  readonly route: Route;
  readonly rpc: Rpc;
  /** What has to be so, as a sentence. */
  readonly when: string;
}

const remoteUser = 'The user is of another backend.';
const remoteMembers = 'The conversation has members of other backends.';
const remoteOwner = 'Another backend owns the conversation.';

/** About users, their devices and their files. */
const ofUsers: readonly (readonly FederatedCall[])[] = [
  cause(
    remoteUser,
    [users.getUser, users.getUserSupportedProtocols, users.listUsersOrFail, users.listUsers],
    [brig.getUsersByIds],
  ),
  cause('The handle is of another backend.', [users.getUserWithHandle], [brig.getUserByHandle]),
  cause('Another backend is searched.', [search.searchContacts], [brig.searchUsers]),
  cause(
    remoteUser,
    [clients.getUserClients, clients.getUserClient, clients.listUserClientsV1, clients.listUserClients],
    [brig.getUserClients],
  ),
  cause(
    'The client is in MLS groups that other backends own.',
    [clients.removeClient],
    [galley.onClientRemoved],
  ),
  cause(remoteUser, [prekeys.claimClientPrekey], [brig.claimPrekey]),
  cause(remoteUser, [prekeys.claimUserPrekeys], [brig.claimPrekeyBundle]),
  cause(remoteUser, [prekeys.claimPrekeysOrFail, prekeys.claimPrekeys], [brig.claimMultiPrekeyBundle]),
  cause(remoteUser, [keyPackages.claimKeyPackagesV7, keyPackages.claimKeyPackages], [brig.claimKeyPackages]),
  cause(
    remoteUser,
    [connections.createConnection, connections.updateConnection],
    [brig.getUsersByIds, brig.sendConnectionAction],
  ),
  cause(
    'The file is of another backend.',
    [assets.getAsset, assets.getAssetV4],
    [cargohold.getAsset, cargohold.streamAsset],
  ),
];

const deletions = [
  self.deleteSelf,
  self.verifyDeletion,
  internal.removeUser,
  teams.deleteTeamMember,
  teams.deleteTeam,
];

/** About accounts that go. */
const ofDeletions: readonly (readonly FederatedCall[])[] = [
  cause('The user has connections to other backends.', deletions, [brig.onUserDeletedConnections]),
  cause('The user has asked somebody of another backend for a connection.', deletions, [
    brig.sendConnectionAction,
  ]),
  cause('Own conversations of the user have members of other backends.', deletions, [
    galley.onConversationUpdated,
  ]),
  cause('The user is in conversations of other backends.', deletions, [galley.onUserDeletedConversations]),
  cause('The user has clients in own MLS groups, where other backends have some, too.', deletions, [
    mlsTraffic.onMlsMessageSent,
  ]),
];

/** About conversations and who is in them. */
const ofConversations: readonly (readonly FederatedCall[])[] = [
  cause(
    remoteOwner,
    [
      conversations.getConversationV2,
      conversations.getConversation,
      conversations.listConversationsV1,
      conversations.listConversationsV2,
      conversations.listConversations,
    ],
    [galley.getConversations],
  ),
  cause(
    'Users of other backends are invited.',
    [
      conversations.createConversationV2,
      conversations.createConversationV3,
      conversations.createConversation,
    ],
    [galley.onConversationCreated],
  ),
  cause(
    'The user is of another backend, and this one owns what the two have between them, which is not there yet.',
    [conversations.createOneToOneV2, conversations.createOneToOneV6, conversations.createOneToOne],
    [galley.onConversationCreated],
  ),
  cause(
    'Users of a backend come in that has nobody in the conversation yet.',
    [
      conversations.createConversation,
      members.addMembersV1,
      members.addMembers,
      mlsMessages.sendMlsCommitBundle,
    ],
    [brig.getNotFullyConnectedBackends],
  ),
  cause(
    remoteMembers,
    [
      members.addOwnDomainMembers,
      members.addMembersV1,
      members.addMembers,
      members.removeOwnDomainMember,
      members.removeMember,
      members.updateOwnDomainMember,
      members.updateMember,
      codes.joinByCode,
      codes.joinById,
      properties.renameOwnDomainV1,
      properties.renameOwnDomain,
      properties.rename,
      properties.setOwnDomainMessageTimer,
      properties.setMessageTimer,
      properties.setOwnDomainReceiptMode,
      properties.setReceiptMode,
      properties.setOwnDomainAccess,
      properties.setAccessV2,
      properties.setAccess,
      properties.setProtocol,
      conversations.deleteTeamConversation,
      bots.addBot,
      bots.removeBot,
    ],
    [galley.onConversationUpdated],
  ),
  cause(
    'Who is no member any more has clients in the MLS group, where other backends have some, too.',
    [
      members.removeOwnDomainMember,
      members.removeMember,
      properties.setOwnDomainAccess,
      properties.setAccessV2,
      properties.setAccess,
      properties.setProtocol,
    ],
    [mlsTraffic.onMlsMessageSent],
  ),
  cause(remoteOwner, [properties.setReceiptMode, properties.setProtocol], [galley.updateConversation]),
  cause(
    'Another backend owns the conversation that the user leaves.',
    [members.removeMember],
    [galley.leaveConversation],
  ),
  cause(remoteMembers, [members.typeInOwnDomain, members.typeIn], [galley.onTypingIndicatorUpdated]),
  cause(remoteOwner, [members.typeIn], [galley.updateTypingIndicator]),
  cause(
    'Somebody has to leave a group with members of other backends on account of legal hold.',
    [legalhold.requestLegalholdDevice],
    [galley.onConversationUpdated],
  ),
  cause(
    'Somebody has to leave an MLS group with clients of other backends on account of legal hold.',
    [legalhold.requestLegalholdDevice, members.addOwnDomainMembers, members.addMembersV1, members.addMembers],
    [mlsTraffic.onMlsMessageSent],
  ),
];

/** About what is said in conversations. */
const ofMessages: readonly (readonly FederatedCall[])[] = [
  cause(
    remoteMembers,
    [messages.sendQualifiedMessage, messages.sendLegacyMessage, bots.sendBotMessage],
    [brig.getUserClients, galley.onMessageSent],
  ),
  cause(remoteOwner, [messages.sendQualifiedMessage], [galley.sendMessage]),
];

/** About MLS groups. */
const ofMlsGroups: readonly (readonly FederatedCall[])[] = [
  cause(
    remoteOwner,
    [mlsConversations.getGroupInfo, subconversations.getSubconversationGroupInfo],
    [mls.queryGroupInfo],
  ),
  cause(
    'Another backend owns what the two users have between them.',
    [mlsConversations.getMlsOneToOneV5, mlsConversations.getMlsOneToOneV6, mlsConversations.getMlsOneToOne],
    [mls.getOneToOneConversation],
  ),
  cause(remoteOwner, [subconversations.getSubconversation], [mls.getSubconversation]),
  cause(remoteOwner, [subconversations.deleteSubconversation], [mls.deleteSubconversation]),
  cause(remoteOwner, [subconversations.leaveSubconversation], [mls.leaveSubconversation]),
  cause(
    'Clients of other backends are in the group.',
    [mlsMessages.sendMlsMessage, mlsMessages.sendMlsCommitBundle, subconversations.leaveSubconversation],
    [mlsTraffic.onMlsMessageSent],
  ),
  cause(remoteOwner, [mlsMessages.sendMlsMessage], [mlsTraffic.sendMlsMessage]),
  cause(remoteOwner, [mlsMessages.sendMlsCommitBundle], [mlsTraffic.sendMlsCommitBundle]),
  cause(
    'Users of other backends come in.',
    [mlsMessages.sendMlsCommitBundle],
    [brig.getMlsClients, galley.onConversationUpdated],
  ),
  cause('Clients of other backends come in.', [mlsMessages.sendMlsCommitBundle], [mlsTraffic.mlsWelcome]),
  cause(
    'The client is in own MLS groups, where other backends have some, too.',
    [clients.removeClient],
    [mlsTraffic.onMlsMessageSent],
  ),
];

/**
 * Every federated call of every route (seed, "Federated API Calls"; reference client-api 10). What comes before many of
 * them, `api-version`, is not repeated.
 */
export const federatedCalls: readonly FederatedCall[] = [
  ofUsers,
  ofDeletions,
  ofConversations,
  ofMessages,
  ofMlsGroups,
].flat(2);

function cause(when: string, routes: readonly Route[], rpcs: readonly Rpc[]): readonly FederatedCall[] {
  return routes.flatMap((route) => rpcs.map((rpc) => ({ route, rpc, when })));
}
