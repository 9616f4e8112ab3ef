import { federationDisabled } from '#contract/rpc-caller.ts';
import type { AccountChanges } from '../accounts/account-changes.ts';
import { createEmailChange } from '../accounts/email-change.ts';
import type { EmailRules } from '../accounts/email-rules.ts';
import type { Passwords } from '../accounts/password.ts';
import { createProvisioning } from '../accounts/provisioning.ts';
import { createRegistration } from '../accounts/registration.ts';
import { withoutTeams } from '../accounts/team-needs.ts';
import { createActivation } from '../activation/activation.ts';
import type { Brig } from '../brig.ts';
import { createCallsConfigs } from '../calls/calls-config.ts';
import { createClientTokens } from '../client-tokens/client-tokens.ts';
import { createUserClientLookup } from '../clients/client-lookup.ts';
import { hasClient } from '../clients/client-store.ts';
import type { Devices } from '../devices.ts';
import { createHandles } from '../handles/handles.ts';
import { createKeyPackages } from '../key-packages/key-packages.ts';
import { createLegalholdGuard } from '../legalhold/legalhold-guard.ts';
import { createAccess } from '../login/access.ts';
import { createInactivity } from '../login/inactivity.ts';
import { createLogin } from '../login/login.ts';
import { createLoginBudget } from '../login/login-budget.ts';
import { createPasswordChange } from '../login/password-change.ts';
import { createPasswordReset } from '../login/password-reset.ts';
import type { Sessions } from '../login/sessions.ts';
import { createVouchedLogin } from '../login/vouched-login.ts';
import type { Zauth } from '../login/zauth.ts';
import type { Mailer } from '../mail/mailer.ts';
import type { BrigNeeds } from '../needs.ts';
import type { People } from '../people.ts';
import type { PrekeyClaims } from '../prekeys/prekey-claims.ts';
import { createProperties } from '../properties/properties.ts';
import { searchRoutes } from '../search/routes.ts';
import { teamSearchRoutes } from '../search/team-routes.ts';
import type { SecondFactor } from '../second-factor/second-factor.ts';
import type { BrigSettings } from '../settings.ts';
import { userRoutes } from '../users/routes.ts';
import { botRoutes } from './bots.ts';
import { callRoutes } from './calls.ts';
import { clientTokenRoutes } from './client-tokens.ts';
import { clientRoutes } from './clients.ts';
import { connectionRoutes, internalConnectionRoutes } from './connections.ts';
import { cookieRoutes } from './cookies.ts';
import { deletionRoutes, internalDeletionRoutes } from './deletion.ts';
import { handleRoutes } from './handles.ts';
import { internalClientRoutes } from './internal-clients.ts';
import { internalLoginRoutes } from './internal-logins.ts';
import { internalUserRoutes } from './internal-users.ts';
import { keyPackageRoutes } from './key-packages.ts';
import { loginRoutes } from './login.ts';
import { prekeyRoutes } from './prekeys.ts';
import { propertyRoutes } from './properties.ts';
import { registrationRoutes } from './registration.ts';
import { selfRoutes } from './self.ts';
import { systemSettingsRoutes } from './system-settings.ts';
import { teamMateRoutes } from './team-mates.ts';

/** What is made before the routes, and shared with them. */
export interface RouteParts {
  readonly zauth: Zauth;
  readonly mailer: Mailer;
  readonly now: () => number;
  readonly settings: BrigSettings;
  readonly emailRules: EmailRules;
  readonly passwords: Passwords;
  readonly secondFactor: SecondFactor;
  readonly devices: Devices;
  readonly people: People;
  readonly prekeys: PrekeyClaims;
  readonly changes: AccountChanges;
  readonly sessions: Sessions;
}

/** Puts the subjects together: each gets what it declares in its needs. */
export function createRoutes(needs: BrigNeeds, parts: RouteParts): Pick<Brig, 'routes' | 'internalRoutes'> {
  const { zauth, mailer, now, settings, emailRules, passwords, secondFactor } = parts;
  const { devices, people, prekeys, changes, sessions } = parts;
  const { ownDomain, storage, events, remoteRules, federation = federationDisabled } = needs;
  const { teams = withoutTeams } = needs;
  const { directory, remoteClients, clients } = devices;
  const { connections, userEvents, deletion, federationStatus } = people;
  const { reader } = storage;
  const activation = createActivation({ storage, settings, emailRules, userEvents, mailer, now });
  const registration = createRegistration({
    storage,
    settings,
    emailRules,
    passwords,
    activation,
    sessions,
    teams: teams,
    userEvents,
    now,
  });
  const budget = createLoginBudget(storage, settings.failedLogins, now);
  const inactivity = createInactivity(storage, changes, settings.suspendInactiveSeconds, now);
  const login = createLogin({ storage, passwords, budget, secondFactor, sessions, inactivity, now });
  const vouchedLogin = createVouchedLogin({ storage, passwords, sessions, inactivity, teams });
  const access = createAccess({
    storage,
    zauth,
    sessions,
    clients: { has: hasClient },
    inactivity,
    settings,
    now,
  });
  const emailChange = createEmailChange(storage, activation, emailRules);
  const passwordReset = createPasswordReset({ storage, passwords, mailer, settings, now });
  const passwordChange = createPasswordChange(storage, passwords);
  const properties = createProperties({ storage, events, limits: settings.properties });
  const legalhold = createLegalholdGuard(reader, teams);
  const keyPackages = createKeyPackages({
    ownDomain,
    storage,
    federation,
    own: devices.keyPackages,
    enabled: settings.mlsEnabled,
    lifetimes: devices.lifetimes,
    legalhold,
  });
  const lookup = createUserClientLookup({ ownDomain, directory, remoteClients });
  const handles = createHandles({
    storage,
    userEvents,
    reservationSeconds: settings.handleReservationSeconds,
    now,
  });
  const provisioning = createProvisioning({ storage, settings, handles, teams, now });
  return {
    routes: [
      ...registrationRoutes({ ownDomain, registration, activation, sessions }),
      ...loginRoutes({ login, access, sessions, emailChange, passwordReset, secondFactor }),
      ...cookieRoutes({ reader, passwordChange, now }),
      ...selfRoutes({ ownDomain, reader, changes, handles, passwordChange }),
      ...handleRoutes(handles),
      ...clientRoutes({ ownDomain, reader, clients, lookup }),
      ...clientTokenRoutes(createClientTokens({ ownDomain, storage, keys: needs.tokenKeys, now })),
      ...prekeyRoutes({ ownDomain, prekeys }),
      ...botRoutes({ ownDomain, reader, teams, clients }),
      ...keyPackageRoutes(keyPackages),
      ...propertyRoutes({ reader, properties }),
      ...connectionRoutes({ ownDomain, reader, connections }),
      ...deletionRoutes(deletion),
      ...userRoutes({ ownDomain, reader, federation, teams, onExpired: deletion.removeExpired }),
      ...searchRoutes({ ownDomain, reader, federation, remoteRules, teams: teams }),
      ...teamSearchRoutes({ reader, teams: teams, now }),
      ...teamMateRoutes({ reader, teams: teams, emailChange }),
      ...systemSettingsRoutes({ settings }),
      ...callRoutes(createCallsConfigs(settings.calls, now)),
    ],
    internalRoutes: [
      ...internalLoginRoutes({ ownDomain, provisioning, vouchedLogin, sessions }),
      ...internalUserRoutes({
        ownDomain,
        reader,
        registration,
        changes,
        handles,
        passwordReset,
        secondFactor,
        now,
      }),
      ...internalConnectionRoutes({ ownDomain, reader, connections, federationStatus }),
      ...internalDeletionRoutes(deletion),
      ...internalClientRoutes({ reader, clients, directory }),
    ],
  };
}
