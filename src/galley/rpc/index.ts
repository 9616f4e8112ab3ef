import { galleyRpcs } from '#contract/federation/galley.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { type ServedRpc, serveRpcs } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { Conversations } from '../conversations/conversations.ts';
import type { Departures } from '../departures/departures.ts';
import type { RemovalKeys } from '../mls/removal-keys.ts';
import type { GroupInfos } from '../mls-conversations/group-info.ts';
import type { CommitToOwn } from '../mls-messages/commit.ts';
import type { ReceiveMls } from '../mls-messages/receive.ts';
import type { SendMlsToOwn } from '../mls-messages/send-to-own.ts';
import type { Events, Inbox, UserLookup } from '../needs.ts';
import type { Receive } from '../proteus/receive.ts';
import type { SendToOwn } from '../proteus/send-to-own.ts';
import type { ApplyUpdate } from '../remote/apply-update.ts';
import type { Subconversations } from '../subconversations/subconversations.ts';
import type { Typing } from '../typing/typing.ts';
import type { AddNeeds } from '../updates/changes/add-members.ts';
import type { ProtocolNeeds } from '../updates/changes/set-protocol.ts';
import type { Update } from '../updates/update.ts';
import { serveDeleteSubconversation } from './delete-sub-conversation.ts';
import { serveGetConversations } from './get-conversations.ts';
import { serveGetOneToOneConversation } from './get-one2one-conversation.ts';
import { serveGetSubconversation } from './get-sub-conversation.ts';
import { serveLeaveConversation } from './leave-conversation.ts';
import { serveLeaveSubconversation } from './leave-sub-conversation.ts';
import { serveMlsWelcome } from './mls-welcome.ts';
import { serveOnClientRemoved } from './on-client-removed.ts';
import { serveOnConversationCreated } from './on-conversation-created.ts';
import { serveOnConversationUpdated } from './on-conversation-updated.ts';
import { serveOnMessageSent } from './on-message-sent.ts';
import { serveOnMlsMessageSent } from './on-mls-message-sent.ts';
import { serveOnTypingIndicatorUpdated } from './on-typing-indicator-updated.ts';
import { serveOnUserDeletedConversations } from './on-user-deleted-conversations.ts';
import { serveQueryGroupInfo } from './query-group-info.ts';
import { serveSendMessage } from './send-message.ts';
import { serveSendMlsCommitBundle } from './send-mls-commit-bundle.ts';
import { serveSendMlsMessage } from './send-mls-message.ts';
import { serveUpdateConversation } from './update-conversation.ts';
import { serveUpdateTypingIndicator } from './update-typing-indicator.ts';

/** What the served RPCs need of others. */
export interface GalleyRpcNeeds extends AddNeeds, ProtocolNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly conversations: Conversations;
  readonly users: UserLookup;
  readonly events: Events;
  readonly inbox: Inbox;
  readonly update: Update;
  readonly updates: ApplyUpdate;
  readonly typing: Typing;
  readonly departures: Departures;
  readonly sendToOwn: SendToOwn;
  readonly receiveMessage: Receive;
  readonly groupInfos: GroupInfos;
  readonly removalKeys?: RemovalKeys;
  readonly isMlsEnabled: boolean;
  readonly commitToOwn: CommitToOwn;
  readonly sendMlsToOwn: SendMlsToOwn;
  readonly receiveMls: ReceiveMls;
  readonly subconversations: Subconversations;
}

/** Every RPC that galley serves to other backends; one that is declared but missing here does not compile. */
export function galleyRpcTable(needs: GalleyRpcNeeds): readonly ServedRpc[] {
  return serveRpcs(galleyRpcs, {
    onConversationCreated: serveOnConversationCreated(needs),
    getConversations: serveGetConversations(needs),
    leaveConversation: serveLeaveConversation(needs),
    updateConversation: serveUpdateConversation(needs),
    updateTypingIndicator: serveUpdateTypingIndicator(needs),
    onTypingIndicatorUpdated: serveOnTypingIndicatorUpdated(needs),
    onConversationUpdated: serveOnConversationUpdated(needs),
    sendMessage: serveSendMessage(needs),
    onMessageSent: serveOnMessageSent(needs),
    onClientRemoved: serveOnClientRemoved(needs),
    onUserDeletedConversations: serveOnUserDeletedConversations(needs),
    queryGroupInfo: serveQueryGroupInfo(needs),
    getOneToOneConversation: serveGetOneToOneConversation(needs),
    getSubconversation: serveGetSubconversation(needs),
    deleteSubconversation: serveDeleteSubconversation(needs),
    leaveSubconversation: serveLeaveSubconversation(needs),
    sendMlsMessage: serveSendMlsMessage(needs),
    sendMlsCommitBundle: serveSendMlsCommitBundle(needs),
    mlsWelcome: serveMlsWelcome(needs),
    onMlsMessageSent: serveOnMlsMessageSent(needs),
  });
}
