import type { AccountRow } from '#storage';

/** Whether an account has a verified identity: an e-mail address, or one of single sign-on. */
export function hasIdentity({ email_key, sso_id }: Pick<AccountRow, 'email_key' | 'sso_id'>): boolean {
  return email_key !== null || sso_id !== null;
}
