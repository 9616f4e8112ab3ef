import { conversationActions, type RoleAction } from '#contract/conversations.ts';
import { actionDenied } from '#contract/federation/galley-errors.ts';

/**
 * Who may do what in a conversation: the one place. A role that is not here allows nothing (reference client-api 4.1).
 */
export const roleTable: ReadonlyMap<string, readonly RoleAction[]> = new Map<string, readonly RoleAction[]>([
  ['wire_admin', conversationActions],
  ['wire_member', ['leave_conversation']],
]);

/** Whether a role allows an action. */
export function mayDo(role: string, action: RoleAction): boolean {
  return roleTable.get(role)?.includes(action) ?? false;
}

/** @throws Refusal `action-denied` naming the first of the actions that the role does not allow. */
export function assertMayDo(role: string, needed: readonly RoleAction[]): void {
  const missing = needed.find((action) => !mayDo(role, action));
  if (missing !== undefined) throw actionDenied(missing);
}

/** @throws Refusal `action-denied` when the role to give allows more than that of the giver. */
export function assertNotAbove(given: string, own: string): void {
  const above = roleTable.get(given)?.some((action) => !mayDo(own, action)) ?? false;
  if (above) throw actionDenied('add_conversation_member');
}
