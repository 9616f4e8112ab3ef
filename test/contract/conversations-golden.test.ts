import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TSchema } from 'typebox';
import { CoverView } from '#contract/client/conversation-codes.ts';
import {
  ConversationIdsPage,
  ConversationIdsQuery,
  ConversationsResponse,
  LegacyConversationsResponse,
  LegacyNewConversation,
  ListConversations,
  NewConversation,
  RolesList,
} from '#contract/client/conversations.ts';
import {
  Conversation,
  CreatedGroup,
  LegacyConversation,
  OtherMember,
  SelfMember,
  TypingStatus,
} from '#contract/conversations.ts';
import {
  ConversationEvent,
  MemberJoinData,
  MemberSettings,
  MemberUpdateData,
} from '#contract/events/conversation.ts';
import {
  leaveConversation,
  onConversationCreated,
  onConversationUpdated,
} from '#contract/federation/galley.ts';
import { compileParser, type Parser } from '#contract/schema.ts';

/** wire-server's own golden values; CROSSWIRE_GOLDEN_DIR names the folder that holds `client/` and `federation/`. */

const goldenDir = process.env.CROSSWIRE_GOLDEN_DIR;
const skip = goldenDir === undefined ? 'CROSSWIRE_GOLDEN_DIR is not set' : false;

function golden(part: 'client' | 'federation', name: RegExp): readonly (readonly [string, unknown])[] {
  if (goldenDir === undefined) return [];
  const folder = join(goldenDir, part);
  const files = readdirSync(folder).filter((file) => name.test(file));
  assert.notEqual(files.length, 0, `no golden value matches ${name}`);
  return files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'))]);
}

function assertRoundTrip(parser: Parser<unknown>, values: readonly (readonly [string, unknown])[]): void {
  for (const [file, value] of values) {
    assert.deepEqual(JSON.parse(JSON.stringify(parser.parse(value, file))), value, file);
  }
}

const clientShapes: readonly (readonly [string, TSchema, RegExp])[] = [
  ['conversations of version 5', Conversation, /^testObject_Conversation_v5_user_\d\.json$/],
  ['conversations of version 2', LegacyConversation, /^testObject_Conversation_v2_user_\d\.json$/],
  ['created groups', CreatedGroup, /^testObject_CreateGroupConversation_\d\.json$/],
  ['lists of conversations', ConversationsResponse, /^testObject_ConversationsResponse_v5_1\.json$/],
  ['lists of version 2', LegacyConversationsResponse, /^testObject_ConversationsResponse_v2_1\.json$/],
  ['pages of ids', ConversationIdsPage, /^testObject_ConvIdsPage_1\.json$/],
  ['requests for ids', ConversationIdsQuery, /^testObject_GetPaginatedConversationIds_1\.json$/],
  ['requests for lists', ListConversations, /^testObject_ListConversations_1\.json$/],
  ['new conversations', NewConversation, /^testObject_NewConv_user_\d\.json$/],
  ['new conversations of version 2', LegacyNewConversation, /^testObject_NewConv_v2_user_\d\.json$/],
  ['roles', RolesList, /^testObject_ConversationRolesList_user_\d\.json$/],
  ['own memberships', SelfMember, /^testObject_Member_user_1\.json$/],
  ['other members', OtherMember, /^testObject_OtherMember_user_1\.json$/],
  ['joined members', MemberJoinData, /^testObject_SimpleMembers_user_1\.json$/],
  ['settings of members', MemberSettings, /^testObject_MemberUpdate_user_1\.json$/],
  ['changes of members', MemberUpdateData, /^testObject_MemberUpdateData_user_1\.json$/],
  ['what is behind codes', CoverView, /^testObject_ConversationCoverView_\d\.json$/],
  ['typing', TypingStatus, /^testObject_TypingStatus_user_1\.json$/],
];

describe('the contract of conversations', () => {
  for (const [what, schema, name] of clientShapes) {
    it(`reads and writes wire-server’s ${what}`, { skip }, () => {
      assertRoundTrip(compileParser(schema), golden('client', name));
    });
  }

  it('reads and writes wire-server’s events', { skip }, () => {
    const messages = new Set(['conversation.otr-message-add', 'conversation.mls-welcome']);
    const events = golden('client', /^testObject_Event_conversation_(\d|manual_1)\.json$/).filter(
      ([, value]) => !messages.has((value as { type: string }).type),
    );
    assert.ok(events.length >= 5);
    assertRoundTrip(compileParser(ConversationEvent), events);
  });

  it('reads and writes wire-server’s on-conversation-created', { skip }, () => {
    assertRoundTrip(
      onConversationCreated.parseInput,
      golden('federation', /^testObject_ConversationCreated\d\.json$/),
    );
  });

  it('reads and writes wire-server’s on-conversation-updated of both versions', { skip }, () => {
    assertRoundTrip(
      onConversationUpdated.parseInput,
      golden('federation', /^testObject_ConversationUpdate\d\.json$/),
    );
    const { older } = onConversationUpdated;
    assert.ok(older !== undefined);
    for (const [file, value] of golden('federation', /^testObject_ConversationUpdate\dV0\.json$/)) {
      const current = older.read(older.parse.parse(value, file));
      assert.deepEqual(older.write(onConversationUpdated.parseInput.parse(current, file)), value, file);
    }
  });

  it('reads and writes wire-server’s leave-conversation', { skip }, () => {
    assertRoundTrip(
      leaveConversation.parseInput,
      golden('federation', /^testObject_LeaveConversationRequest\d\.json$/),
    );
    assertRoundTrip(
      leaveConversation.parseOutput,
      golden('federation', /^testObject_LeaveConversationResponse\d\.json$/),
    );
  });
});
