/**
 * Galley: conversations and who is in them.
 *
 * It owns the conversations that were made on this backend: their members of any backend, their properties, who may do
 * what in them. Of conversations that other backends own it keeps which own users are in them, and nothing more. It
 * must never know how users log in, how events reach clients or how notifications travel.
 *
 * Start reading at `updates/update.ts` (the one way in which a conversation changes), `members/role-table.ts` (who may
 * do what), `conversations/conversations.ts` (what is in memory and why it is exact) and `remote/apply-update.ts` (what
 * other owners tell).
 */

import { setInterval } from 'node:timers';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { ServedRpc } from '#contract/rpc.ts';
import { federationDisabled } from '#contract/rpc-caller.ts';
import type { Work } from '#storage';
import { type BotMembers, createBotMembers } from './bots/bots.ts';
import { createCodes } from './codes/codes.ts';
import type { CodeNeeds } from './codes/needs.ts';
import { type ConversationLookup, createConversations } from './conversations/conversations.ts';
import {
  type ConnectionConversations,
  createConnectionConversations,
} from './creation/connection-conversations.ts';
import { type Creation, createCreation } from './creation/creation.ts';
import { createOneToOneOf } from './creation/one-to-one.ts';
import { createDepartures } from './departures/departures.ts';
import { createEndTeamConversations, type EndTeamConversations } from './departures/team-ending.ts';
import { createBackendChecks } from './federation/backend-checks.ts';
import { createPartForLegalhold, type PartForLegalhold } from './legalhold/parting.ts';
import { createSetOwnSettings } from './members/own-settings.ts';
import { createGroups } from './mls/groups.ts';
import { createGroupInfos } from './mls-conversations/group-info.ts';
import { createGetMlsOneToOne } from './mls-conversations/one-to-one.ts';
import { createGetMlsSelf } from './mls-conversations/self-conversation.ts';
import { createCommitToOwn } from './mls-messages/commit.ts';
import { createPropagate } from './mls-messages/propagate.ts';
import { createReceiveMls } from './mls-messages/receive.ts';
import { createProposeRemovals } from './mls-messages/removal-proposals.ts';
import { createSendMls } from './mls-messages/send.ts';
import { createSendMlsToOwn } from './mls-messages/send-to-own.ts';
import { createFindTarget } from './mls-messages/targets.ts';
import { type GalleyNeeds, withoutLegalhold } from './needs.ts';
import { createBroadcast } from './proteus/broadcast.ts';
import { createReceive } from './proteus/receive.ts';
import { createSend } from './proteus/send.ts';
import { createSendToOwn } from './proteus/send-to-own.ts';
import { createReading } from './reading/reading.ts';
import { createApplyUpdate } from './remote/apply-update.ts';
import { createRemoteChanges } from './remote/remote-changes.ts';
import { botRoutes } from './routes/bots.ts';
import { codeRoutes } from './routes/codes.ts';
import { creationRoutes } from './routes/conversations.ts';
import { memberRoutes } from './routes/members.ts';
import { messageRoutes } from './routes/messages.ts';
import { mlsConversationRoutes } from './routes/mls-conversations.ts';
import { mlsKeyRoutes } from './routes/mls-keys.ts';
import { mlsMessageRoutes } from './routes/mls-messages.ts';
import { propertyRoutes } from './routes/properties.ts';
import { readingRoutes } from './routes/reading.ts';
import { subconversationRoutes } from './routes/subconversations.ts';
import { teamConversationRoutes } from './routes/team-conversations.ts';
import { galleyRpcTable } from './rpc/index.ts';
import { defaultSettings, type GalleySettings } from './settings.ts';
import { createSubconversationsAnywhere } from './subconversations/anywhere.ts';
import { createSubconversations } from './subconversations/subconversations.ts';
import { sweepFailed } from './telemetry.ts';
import { createTyping } from './typing/typing.ts';
import { createPublish } from './updates/publish.ts';
import { createUpdate } from './updates/update.ts';

export type { BotMembers } from './bots/bots.ts';
export type { OwnConversation } from './conversations/conversation.ts';
export type { ConversationLookup } from './conversations/conversations.ts';
export { openRemovalKeys, type RemovalKeys } from './mls/removal-keys.ts';
export type {
  AudienceLookup,
  ClientLookup,
  GalleyNeeds,
  LegalholdLookup,
  MigrationLookup,
  MlsClientLookup,
  OwnUser,
  TeamLookup,
  UserLookup,
} from './needs.ts';
export type { GalleySettings } from './settings.ts';

export interface Galley extends AsyncDisposable {
  readonly rpcs: readonly ServedRpc[];
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  /** The conversations behind connections between users. */
  readonly oneToOne: ConnectionConversations;
  /** Takes a deleted own user out of every conversation, in the unit of work of the deletion. */
  userDeleted(work: Work, user: UserId): Promise<void>;
  /** Ends the conversations of a team that was deleted. */
  readonly endTeamConversations: EndTeamConversations;
  /** Has those leave groups of an own user who may not be together because of its legal hold. */
  readonly partForLegalhold: PartForLegalhold;
  /** Tells the owners of an own user's conversations that a client of it is gone. */
  clientRemoved(work: Work, user: UserId, client: ClientId): Promise<void>;
  readonly bots: BotMembers;
  /** Who is in which conversation, from memory. */
  readonly conversations: ConversationLookup;
}

/** A conversation that nobody has been told of for so long never will be made. */
const pendingMs = 5 * 60_000;
const sweepEveryMs = 60_000;

/** Opens galley. */
export function openGalley(needs: GalleyNeeds): Galley {
  const parts = createParts(needs);
  const { creation, departures, now } = parts;
  const sweep = () => creation.abandonPending(now() - pendingMs).catch(sweepFailed);
  let sweeping = sweep();
  const timer = setInterval(() => {
    sweeping = sweeping.then(sweep);
  }, sweepEveryMs).unref();
  return {
    rpcs: galleyRpcTable(parts),
    routes: [
      ...creationRoutes(parts),
      ...readingRoutes(parts),
      ...memberRoutes(parts),
      ...propertyRoutes(parts),
      ...codeRoutes({ ...parts, guestLinks: parts.settings.guestLinks }),
      ...teamConversationRoutes(parts),
      ...messageRoutes(parts),
      ...botRoutes(parts),
      ...mlsConversationRoutes(parts),
      ...mlsMessageRoutes(parts),
      ...subconversationRoutes(parts),
      ...mlsKeyRoutes({ removalKeys: needs.removalKeys }),
    ],
    oneToOne: createConnectionConversations(parts),
    userDeleted: departures.userDeleted,
    clientRemoved: departures.clientRemoved,
    endTeamConversations: parts.endTeamConversations,
    partForLegalhold: parts.partForLegalhold,
    bots: createBotMembers(parts),
    conversations: parts.conversations,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await sweeping;
    },
  };
}

/** Puts the subjects together: each gets what it declares in its needs. */
function createParts(needs: GalleyNeeds) {
  const { ownDomain, storage, users, clients, audience, teams, migration } = needs;
  const { events, outbox, inbox, legalhold = withoutLegalhold, now = Date.now } = needs;
  const settings: GalleySettings = { ...defaultSettings, ...needs.settings };
  const federation = needs.federation ?? federationDisabled;
  const lookups = { users, clients, audience, teams, migration, legalhold };
  const shared = { ownDomain, storage, ...lookups, events, outbox, inbox, now, settings };
  const rules = {
    reader: storage.reader,
    isFederating: needs.federation !== undefined,
    isMlsEnabled: needs.removalKeys !== undefined,
    maxConversationSize: settings.maxConversationSize,
    backends: createBackendChecks(needs.federation),
  };
  const conversations = createConversations({ ...shared, ...settings });
  const groups = createGroups({ ...shared, ...settings, conversations });
  const publish = createPublish(shared);
  const propagate = createPropagate(shared);
  const { removalKeys, mlsClients } = needs;
  const mls = { groups, propagate, mlsClients, ...(removalKeys === undefined ? {} : { removalKeys }) };
  const proposeRemovals = createProposeRemovals(mls);
  const base = { ...shared, ...rules, ...mls, conversations, federation, publish, proposeRemovals };
  const update = createUpdate(base);
  const updates = createApplyUpdate(base);
  const creation: Creation = createCreation(base);
  const codeNeeds: CodeNeeds = base;
  const sendToOwn = createSendToOwn({ ...base, ...settings });
  const findTarget = createFindTarget(base);
  const commitToOwn = createCommitToOwn({ ...base, findTarget });
  const sendMlsToOwn = createSendMlsToOwn({ ...base, findTarget });
  const subconversations = createSubconversations(base);
  return {
    ...base,
    update,
    updates,
    creation,
    createOneToOne: createOneToOneOf({ ...base, creation }),
    codes: createCodes(codeNeeds),
    departures: createDepartures(base),
    endTeamConversations: createEndTeamConversations(base),
    partForLegalhold: createPartForLegalhold(base),
    reading: createReading(base),
    remoteChanges: createRemoteChanges({ ...base, updates }),
    setOwnSettings: createSetOwnSettings(base),
    typing: createTyping(base),
    sendToOwn,
    send: createSend({ ...base, sendToOwn }),
    broadcast: createBroadcast({ ...base, ...settings }),
    receiveMessage: createReceive(base),
    mlsSelf: createGetMlsSelf(base),
    mlsOneToOne: createGetMlsOneToOne(base),
    groupInfos: createGroupInfos(base),
    commitToOwn,
    sendMlsToOwn,
    sendMls: createSendMls({ ...base, updates, commitToOwn, sendMlsToOwn }),
    receiveMls: createReceiveMls(base),
    subconversations,
    subconversationsAnywhere: createSubconversationsAnywhere({ ...base, subconversations }),
  };
}
