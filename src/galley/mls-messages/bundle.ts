import { refuse } from '#contract/refusal.ts';
import {
  type Commit,
  type FramedMessage,
  type GroupInfo,
  MlsDecodeError,
  type MlsMessage,
  type PublicMessage,
  parseMlsMessage,
  parseMlsMessages,
} from '#mls';

/** What clients send, taken apart (reference client-api 8.4, 8.5). */

export type CommitMessage = PublicMessage & {
  readonly content: { readonly type: 'commit'; readonly commit: Commit };
};

/** All that ends an epoch. */
export interface CommitBundle {
  readonly commit: CommitMessage;
  /** The commit as an MLSMessage. */
  readonly commitBytes: Uint8Array;
  readonly groupInfo: GroupInfo;
  /** An MLSMessage. */
  readonly welcomeBytes: Uint8Array | undefined;
}

/** @throws Refusal `bad-request` unless it is one commit in the clear, one group info, and at most one welcome */
export function readCommitBundle(bytes: Uint8Array): CommitBundle {
  const parts = decode(() => parseMlsMessages(bytes));
  const commits: FramedMessage<CommitMessage>[] = [];
  const groupInfos: GroupInfo[] = [];
  const welcomes: Uint8Array[] = [];
  for (const { message, bytes: framed } of parts) {
    if (isCommit(message)) commits.push({ message, bytes: framed });
    else if (message.kind === 'group-info') groupInfos.push(message);
    else if (message.kind === 'welcome') welcomes.push(framed);
    else throw refuse('bad-request', { message: `Found a ${nameOf(message)} in a commit bundle` });
  }
  const [commit] = commits;
  const [groupInfo] = groupInfos;
  if (commit === undefined || groupInfo === undefined || parts.length > 2 + Math.min(1, welcomes.length))
    throw refuse('bad-request', {
      message: `Found ${commits.length} commits, ${groupInfos.length} group infos and ${welcomes.length} welcomes, expected one, one, and at most one`,
    });
  return {
    commit: commit.message,
    commitBytes: commit.bytes,
    groupInfo,
    welcomeBytes: welcomes[0],
  };
}

function isCommit(message: MlsMessage): message is CommitMessage {
  return message.kind === 'public-message' && message.content.type === 'commit';
}

function nameOf(message: MlsMessage): string {
  return message.kind === 'public-message' ? `public ${message.content.type}` : message.kind;
}

/** @throws Refusal `bad-request` for bytes that are not one MLSMessage */
export function readMlsMessage(bytes: Uint8Array): MlsMessage {
  return decode(() => parseMlsMessage(bytes));
}

function decode<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MlsDecodeError)
      throw refuse('bad-request', { message: `Not an MLS message: ${error.message}`, cause: error });
    throw error;
  }
}
