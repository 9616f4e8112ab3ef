import type { UserId } from '#contract/ids.ts';
import type { BotUserView, NewBotAccount } from '#contract/services.ts';
import type { AccountRow, ClientRow, Work } from '#storage';
import { addAccount, lockAccount } from '../accounts/account-store.ts';
import type { ClientDirectory } from '../clients/client-directory.ts';
import { assertPrekeys } from '../clients/client-rules.ts';
import { putClient } from '../clients/client-store.ts';
import type { Clients } from '../clients/clients.ts';
import { emptyAccount } from '../deletion/account-removal.ts';
import { putPrekeys } from '../prekeys/prekey-store.ts';
import { accountCreated, accountDeleted } from '../telemetry.ts';

/** Accounts of bots: users like others, with one client, but nobody logs in to them or finds them. */
export interface BotAccounts {
  /** @throws Refusal `bad-request` for prekeys that are none */
  add(work: Work, bot: NewBotAccount): Promise<void>;
  /** Ends the account with its client, if it has not ended. */
  end(work: Work, bot: UserId): Promise<void>;
}

interface Needs {
  readonly clients: Pick<Clients, 'removeAll'>;
  readonly directory: ClientDirectory;
  readonly defaultLocale: string;
  readonly now: () => number;
}

export function createBotAccounts({ clients, directory, defaultLocale, now }: Needs): BotAccounts {
  return {
    async add(work, bot) {
      assertPrekeys(bot.prekeys);
      await addAccount(work, accountRow(bot, defaultLocale, now()));
      await putClient(work, clientRow(bot, now()));
      await putPrekeys(work, { userId: bot.id, clientId: bot.client }, bot.prekeys);
      directory.changed(work, bot.id);
      work.onCommit(() => accountCreated(bot.id, 'bot'));
    },
    async end(work, bot) {
      const account = await lockAccount(work, bot);
      if (account === undefined || account.status === 'deleted') return;
      await emptyAccount(work, bot);
      await clients.removeAll(work, bot);
      work.onCommit(() => accountDeleted(bot, 'service'));
    },
  };
}

function accountRow(bot: NewBotAccount, locale: string, nowMs: number): AccountRow {
  return {
    id: bot.id,
    status: 'active',
    name: bot.name,
    email: null,
    email_key: null,
    handle: null,
    password_hash: null,
    accent_id: bot.accentId,
    picture: '[]',
    assets: JSON.stringify(bot.assets),
    supported_protocols: '["proteus"]',
    locale,
    managed_by: 'wire',
    team: null,
    sso_id: null,
    service: JSON.stringify(bot.service),
    expires_at: null,
    created_at: nowMs,
  };
}

function clientRow({ id, client }: NewBotAccount, nowMs: number): ClientRow {
  return {
    user_id: id,
    id: client,
    type: 'permanent',
    created_at: nowMs,
    class: null,
    label: null,
    model: null,
    cookie: null,
    capabilities: JSON.stringify(['legalhold-implicit-consent']),
    mls_public_keys: '{}',
    last_active: null,
  };
}

/** A user as bots see it. */
export function botUserView(account: AccountRow): BotUserView {
  return {
    id: account.id as UserId,
    name: account.name,
    accent_id: account.accent_id,
    ...(account.handle === null ? {} : { handle: account.handle as NonNullable<BotUserView['handle']> }),
    ...(account.team === null ? {} : { team: account.team as NonNullable<BotUserView['team']> }),
  };
}
