import { galleyErrorOf } from '#contract/federation/galley-errors.ts';
import type { MlsResponse, sendMlsMessage } from '#contract/federation/mls-messages.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { type GroupName, groupNameOf } from '#contract/mls-groups.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { InputOf, RpcContext } from '#contract/rpc.ts';
import type { MlsOutcome } from '../mls-messages/commit.ts';
import { type MlsActor, mustBeGroupId } from '../mls-messages/targets.ts';

/** What the two RPCs that carry messages of MLS clients have in common. */

export interface MlsAnswerNeeds {
  readonly ownDomain: BackendDomain;
  readonly isMlsEnabled: boolean;
}

/** @throws Refusal `mls-group-conversation-mismatch`; `access-denied` for a group that we do not own */
export function assertNamed({ ownDomain }: MlsAnswerNeeds, groupId: Uint8Array, name: GroupName): void {
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

/** Does it for the client of the caller, and tells the outcome, or what was wrong, as other backends expect it. */
export async function answerMls(
  { isMlsEnabled }: MlsAnswerNeeds,
  { origin }: RpcContext,
  { sender, sender_client }: InputOf<typeof sendMlsMessage>,
  send: (actor: MlsActor) => Promise<MlsOutcome>,
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
