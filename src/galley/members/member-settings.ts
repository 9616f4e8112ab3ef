import type { MemberSettings } from '#contract/events/conversation.ts';
import type { MemberSettingsColumns } from '#storage';

/** What a member has set before it set anything. */
export const defaultSettings: MemberSettingsColumns = {
  muted_status: null,
  muted_ref: null,
  archived: 0,
  archived_ref: null,
  hidden: 0,
  hidden_ref: null,
};

/** The columns that a change sets; empty when it changes nothing. */
export function settingsColumns(settings: MemberSettings): Partial<MemberSettingsColumns> {
  return {
    ...(settings.otr_muted_status === undefined ? {} : { muted_status: settings.otr_muted_status }),
    ...(settings.otr_muted_ref === undefined ? {} : { muted_ref: settings.otr_muted_ref }),
    ...(settings.otr_archived === undefined ? {} : { archived: settings.otr_archived ? 1 : 0 }),
    ...(settings.otr_archived_ref === undefined ? {} : { archived_ref: settings.otr_archived_ref }),
    ...(settings.hidden === undefined ? {} : { hidden: settings.hidden ? 1 : 0 }),
    ...(settings.hidden_ref === undefined ? {} : { hidden_ref: settings.hidden_ref }),
  };
}

/** The settings without members that are not declared. */
export function declaredSettings(settings: MemberSettings): MemberSettings {
  const { otr_muted_status, otr_muted_ref, otr_archived, otr_archived_ref, hidden, hidden_ref } = settings;
  const all = { otr_muted_status, otr_muted_ref, otr_archived, otr_archived_ref, hidden, hidden_ref };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
