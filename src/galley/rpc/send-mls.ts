import { galleyErrorOf } from '#contract/federation/galley-errors.ts';
import type { MlsResponse, sendMlsCommitBundle, sendMlsMessage } from '#contract/federation/mls-messages.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { type GroupName, groupNameOf } from '#contract/mls-groups.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { InputOf, RpcContext, RpcHandler } from '#contract/rpc.ts';
import { readCommitBundle, readMlsMessage } from '../mls-messages/bundle.ts';
import type { CommitToOwn, MlsOutcome } from '../mls-messages/commit.ts';
import type { SendMlsToOwn } from '../mls-messages/send-to-own.ts';
import { type MlsActor, mustBeGroupId } from '../mls-messages/targets.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly sendMlsToOwn: SendMlsToOwn;
  readonly commitToOwn: CommitToOwn;
  readonly isMlsEnabled: boolean;
}

type Request = InputOf<typeof sendMlsMessage>;

/** Sends for a client of the caller, which is treated like an own one (reference federation-api 5.4.7). */
export function serveSendMlsMessage(needs: Needs): RpcHandler<typeof sendMlsMessage> {
  return (context, request) =>
    respond(
      needs,
      context,
      async (actor) => {
        const bytes = Buffer.from(request.raw_message, 'base64');
        const message = readMlsMessage(bytes);
        if (message.kind !== 'private-message' && message.kind !== 'public-message')
          throw refuse('mls-unsupported-message');
        assertNamed(needs, message.groupId, request.conv_or_sub_id);
        return needs.sendMlsToOwn(actor, message, bytes);
      },
      request,
    );
}

/** Takes a commit of a client of the caller (reference federation-api 5.4.8). */
export function serveSendMlsCommitBundle(needs: Needs): RpcHandler<typeof sendMlsCommitBundle> {
  return (context, request) =>
    respond(
      needs,
      context,
      async (actor) => {
        const bundle = readCommitBundle(Buffer.from(request.raw_message, 'base64'));
        assertNamed(needs, bundle.commit.groupId, request.conv_or_sub_id);
        return needs.commitToOwn(actor, bundle, { requestId: context.requestId });
      },
      request,
    );
}

/** @throws Refusal `mls-group-conversation-mismatch`; `access-denied` for a group that we do not own */
function assertNamed({ ownDomain }: Needs, groupId: Uint8Array, name: GroupName): void {
  const group = mustBeGroupId(groupId);
  if (JSON.stringify(groupNameOf(group)) !== JSON.stringify(groupNameFrom(name)))
    throw refuse('mls-group-conversation-mismatch');
  if (group.conversation.domain !== ownDomain) throw refuse('access-denied');
}

/** In the order of members in which we write it. */
function groupNameFrom(name: GroupName): GroupName {
  const { conv_id } = name.value;
  if (name.tag === 'conv') return { tag: 'conv', value: { conv_id } };
  return { tag: 'subconv', value: { conv_id, subconv_id: name.value.subconv_id } };
}

async function respond(
  { isMlsEnabled }: Needs,
  { origin }: RpcContext,
  send: (actor: MlsActor) => Promise<MlsOutcome>,
  { sender, sender_client }: Request,
): Promise<MlsResponse> {
  try {
    if (!isMlsEnabled) throw refuse('mls-not-enabled');
    const actor = { user: { domain: origin, id: sender }, client: sender_client, answered: true };
    const { updates, conversation } = await send(actor);
    const present = [...(conversation.remoteMembers.get(origin)?.keys() ?? [])];
    return {
      tag: 'MLSMessageResponseUpdates',
      contents: updates.map((update) => ({ ...update, alreadyPresentUsers: present })),
    };
  } catch (error) {
    if (error instanceof Refusal) return responseOf(error);
    throw error;
  }
}

/** Refusals of members that come or go are passed on to the client as they are. */
function responseOf(refusal: Refusal): MlsResponse {
  const { key, details } = refusal;
  if (key === 'mls-protocol-error' || key === 'bad-request')
    return { tag: 'MLSMessageResponseProtocolError', contents: refusal.message };
  if (key === 'unreachable-backends') {
    const { unreachable_backends: contents } = details.instead as { unreachable_backends: BackendDomain[] };
    return { tag: 'MLSMessageResponseUnreachableBackends', contents };
  }
  if (key === 'non-federating-backends') {
    const contents = details.instead as { non_federating_backends: BackendDomain[] };
    return { tag: 'MLSMessageResponseNonFederatingBackends', contents };
  }
  const contents = key.startsWith('mls-') || ownKeys.has(key) ? galleyErrorOf(refusal) : undefined;
  if (contents !== undefined) return { tag: 'MLSMessageResponseError', contents };
  return {
    tag: 'MLSMessageResponseProposalFailure',
    contents: { status: refusal.status, value: { ...refusal.body() } },
  };
}

/** Errors that the caller expects beside those of MLS (reference federation-api 8.2). */
const ownKeys: ReadonlySet<string> = new Set([
  'no-conversation',
  'no-conversation-member',
  'access-denied',
  'missing-legalhold-consent',
]);
