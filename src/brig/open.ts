import { federationDisabled } from '#contract/rpc-caller.ts';
import { createAccountChanges } from './accounts/account-changes.ts';
import { createAccountsForTeams } from './accounts/accounts-for-teams.ts';
import { createEmailRules } from './accounts/email-rules.ts';
import { createPasswords } from './accounts/password.ts';
import { withoutTeams } from './accounts/team-needs.ts';
import { createAccountsForServices } from './bots/accounts-for-services.ts';
import { createBotAccounts } from './bots/bot-accounts.ts';
import type { Brig } from './brig.ts';
import { withoutInbox } from './connections/needs.ts';
import { createDevices } from './devices.ts';
import { createRemoteMlsClients } from './key-packages/remote-mls-clients.ts';
import { createLegalholdClients } from './legalhold/legalhold-clients.ts';
import { createLegalholdGuard } from './legalhold/legalhold-guard.ts';
import { createSessions } from './login/sessions.ts';
import { createTokenVerifier } from './login/token-verifier.ts';
import { Zauth } from './login/zauth.ts';
import { openZauthKeys } from './login/zauth-keys.ts';
import { openMailer } from './mail/mailer.ts';
import type { BrigNeeds } from './needs.ts';
import { openPeople } from './people.ts';
import { createPrekeyClaims } from './prekeys/prekey-claims.ts';
import { createRoutes } from './routes/index.ts';
import { brigRpcTable } from './rpc/index.ts';
import { createSecondFactor } from './second-factor/second-factor.ts';
import { type BrigSettings, defaultSettings } from './settings.ts';
import { createAccountLookup } from './users/account-lookup.ts';
import { allSupportMls } from './users/mls-support.ts';

/**
 * Opens brig.
 * @throws Error when the zauth keys cannot be read or made, naming the file and what is wrong.
 */
export async function openBrig(needs: BrigNeeds): Promise<Brig> {
  const zauth = new Zauth(await openZauthKeys(needs.zauthKeys));
  const { ownDomain, storage, federation = federationDisabled, teams = withoutTeams, now = Date.now } = needs;
  const mailer = openMailer(needs.mail);
  const settings: BrigSettings = { ...defaultSettings, ...needs.settings };
  const emailRules = createEmailRules(settings);
  const passwords = createPasswords();
  const secondFactor = createSecondFactor({
    storage,
    teams,
    mailer,
    settings,
    now,
  });
  const devices = createDevices(needs, { settings, passwords, secondFactor, mailer, now });
  const { directory, remoteClients, claims, clients, keyPackages } = devices;
  const people = await openPeople(needs, { settings, passwords, mailer, clients, now });
  const { connections, deletion, federationStatus, userEvents } = people;
  const sessions = createSessions({ zauth, settings, now });
  const changes = createAccountChanges(storage, userEvents);
  const prekeys = createPrekeyClaims({
    ownDomain,
    federation,
    claims,
    legalhold: createLegalholdGuard(storage.reader, teams),
    maxUsers: settings.claimedUsers,
  });
  return {
    rpcs: brigRpcTable({
      ownDomain,
      reader: storage.reader,
      remoteRules: needs.remoteRules,
      directory,
      claims,
      keyPackages,
      mlsEnabled: settings.mlsEnabled,
      storage,
      connections,
      events: needs.events,
      inbox: needs.inbox ?? withoutInbox,
      deletion,
      teams,
    }),
    ...createRoutes(needs, {
      zauth,
      mailer,
      now,
      settings,
      emailRules,
      passwords,
      secondFactor,
      devices,
      people,
      prekeys,
      changes,
      sessions,
    }),
    tokens: { verify: createTokenVerifier(zauth, now) },
    clients: {
      own: directory,
      remote: remoteClients,
      ownMls: keyPackages,
      remoteMls: createRemoteMlsClients(federation),
      recordActivity: clients.recordActivity,
    },
    accounts: createAccountLookup(storage.reader),
    allSupportMls: (users) =>
      allSupportMls(
        {
          ownDomain,
          reader: storage.reader,
          federation,
        },
        users,
      ),
    forServices: createAccountsForServices({
      reader: storage.reader,
      passwords,
      mailer,
      zauth,
      settings,
      prekeys,
      bots: createBotAccounts({ clients, directory, defaultLocale: settings.defaultLocale, now }),
      now,
    }),
    forTeams: createAccountsForTeams({
      reader: storage.reader,
      emailRules,
      mailer,
      passwords,
      secondFactor,
      removal: people.removal,
      changes,
      legalhold: createLegalholdClients({ clients, sessions, userEvents }),
      connections: connections.legalhold,
    }),
    connections: connections.store,
    federationStatus,
    async [Symbol.asyncDispose]() {
      await people[Symbol.asyncDispose]();
      await mailer[Symbol.asyncDispose]();
    },
  };
}
