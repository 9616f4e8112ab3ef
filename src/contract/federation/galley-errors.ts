import { Type } from 'typebox';
import { conversationActions, type RoleAction } from '../conversations.ts';
import type { LabelKey } from '../labels.ts';
import { Refusal, refuse } from '../refusal.ts';

/** Errors of conversations as values of RPC answers (reference federation-api 8.2). */

export const GalleyError = Type.Object({
  tag: Type.String(),
  contents: Type.Optional(Type.Unknown()),
});
export type GalleyError = Type.Static<typeof GalleyError>;

/** Tags of errors without an argument, and the refusals that they are to a client. */
const keyByTag: Readonly<Record<string, LabelKey>> = {
  ConvNotFound: 'no-conversation',
  ConvMemberNotFound: 'no-conversation-member',
  ConvAccessDenied: 'access-denied',
  ConvInvalidProtocolTransition: 'invalid-protocol-transition',
  InvalidOperation: 'invalid-op',
  InvalidTargetAccess: 'invalid-op:target-access',
  MissingLegalholdConsent: 'missing-legalhold-consent',
  MLSClientMismatch: 'mls-client-mismatch',
  MLSClientSenderUserMismatch: 'mls-client-sender-user-mismatch',
  MLSCommitMissingReferences: 'mls-commit-missing-references',
  MLSGroupConversationMismatch: 'mls-group-conversation-mismatch',
  MLSInvalidLeafNodeIndex: 'mls-invalid-leaf-node-index',
  MLSMigrationCriteriaNotSatisfied: 'mls-migration-criteria-not-satisfied',
  MLSMissingGroupInfo: 'mls-missing-group-info',
  MLSNotEnabled: 'mls-not-enabled',
  MLSProposalNotFound: 'mls-proposal-not-found',
  MLSSelfRemovalNotAllowed: 'mls-self-removal-not-allowed',
  MLSStaleMessage: 'mls-stale-message',
  MLSSubConvClientNotInParent: 'mls-subconv-join-parent-missing',
  MLSSubConvUnsupportedConvType: 'mls-subconv-unsupported-convtype',
  MLSUnsupportedMessage: 'mls-unsupported-message',
  MLSUnsupportedProposal: 'mls-unsupported-proposal',
  MLSWelcomeMismatch: 'mls-welcome-mismatch',
  NotATeamMember: 'no-team-member',
  NotConnected: 'not-connected',
  TeamNotFound: 'no-team',
  TooManyMembers: 'too-many-members',
};

const tagByKey: ReadonlyMap<LabelKey, string> = new Map(
  Object.entries(keyByTag).map(([tag, key]) => [key, tag]),
);

/** A role lacks a right. */
class ActionDenied extends Refusal {
  readonly action: RoleAction;

  constructor(action: RoleAction) {
    super('action-denied', { message: `Insufficient authorization (missing ${action})` });
    this.action = action;
  }
}

/** The refusal that says which right a role lacks. */
export function actionDenied(action: RoleAction): Refusal {
  return new ActionDenied(action);
}

/** What a refusal is to another backend; undefined when it has no word for it. */
export function galleyErrorOf(refusal: Refusal): GalleyError | undefined {
  if (refusal instanceof ActionDenied) return { tag: 'ActionDenied', contents: refusal.action };
  if (refusal.key === 'operation-denied') return { tag: 'MissingPermission', contents: null };
  const tag = tagByKey.get(refusal.key);
  return tag === undefined ? undefined : { tag };
}

/** What an owner's error is to the client; undefined for one that no operation expects. */
export function refusalOf({ tag, contents }: GalleyError): Refusal | undefined {
  if (tag === 'ActionDenied') {
    const action = conversationActions.find((name) => name === contents);
    return action === undefined ? undefined : actionDenied(action);
  }
  if (tag === 'MissingPermission') return refuse('operation-denied');
  const key = Object.hasOwn(keyByTag, tag) ? keyByTag[tag] : undefined;
  return key === undefined ? undefined : refuse(key);
}
