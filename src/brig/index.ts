/**
 * Brig: accounts, authentication, handles, profiles and search.
 *
 * It owns who a user is and how one proves it: registration, activation, login sessions, access tokens, handles,
 * profiles, and what other backends may ask about its users. It must never know of conversations or of how requests
 * travel: routes and RPCs are tables of handlers that gateway and federator serve.
 *
 * Start reading at `accounts/registration.ts` (how an account comes to be), `login/access.ts` (what a cookie proves)
 * and `login/zauth.ts` (tokens); `rpc/` and `routes/` translate between the wire and these.
 */

import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { ServedRpc } from '#contract/rpc.ts';
import { federationDisabled } from '#contract/rpc-caller.ts';
import type { Storage } from '#storage';
import { createAccountChanges } from './accounts/account-changes.ts';
import { createEmailChange } from './accounts/email-change.ts';
import { createEmailRules } from './accounts/email-rules.ts';
import { createPasswords } from './accounts/password.ts';
import { createRegistration } from './accounts/registration.ts';
import { createActivation } from './activation/activation.ts';
import { createHandles } from './handles/handles.ts';
import { type ClientLookup, createAccess } from './login/access.ts';
import { createInactivity } from './login/inactivity.ts';
import { createLogin } from './login/login.ts';
import { createLoginBudget } from './login/login-budget.ts';
import { createPasswordChange } from './login/password-change.ts';
import { createPasswordReset } from './login/password-reset.ts';
import { createSessions } from './login/sessions.ts';
import { createTokenVerifier, type VerifiedToken } from './login/token-verifier.ts';
import { Zauth } from './login/zauth.ts';
import { openZauthKeys } from './login/zauth-keys.ts';
import { type Mailer, type MailSettings, openMailer } from './mail/mailer.ts';
import { cookieRoutes } from './routes/cookies.ts';
import { handleRoutes } from './routes/handles.ts';
import { internalUserRoutes } from './routes/internal-users.ts';
import { loginRoutes } from './routes/login.ts';
import { registrationRoutes } from './routes/registration.ts';
import { selfRoutes } from './routes/self.ts';
import { brigRpcTable } from './rpc/index.ts';
import type { RemoteRules } from './search/remote-rules.ts';
import { searchRoutes } from './search/routes.ts';
import { type BrigSettings, defaultSettings } from './settings.ts';
import { userRoutes } from './users/routes.ts';

export type { ClientLookup } from './login/access.ts';
export type { VerifiedToken } from './login/token-verifier.ts';
export type { MailSettings } from './mail/mailer.ts';
export type { RemoteRules } from './search/remote-rules.ts';
export type { BrigSettings, CookieThrottle, FailedLoginBudget } from './settings.ts';

/** What brig needs of others. */
export interface BrigNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** How to ask other backends; undefined when federation is off. */
  readonly federation: FederationCaller | undefined;
  /** What the list of remote backends says about searching. */
  readonly remoteRules: RemoteRules;
  readonly mail: MailSettings;
  /** Folder of the keys that sign tokens; made on the first start. */
  readonly zauthKeys: string;
  /** What differs from production's defaults. */
  readonly settings?: Partial<BrigSettings>;
  /** Which clients users have; without it nobody has any, and no cookie can be bound to one. */
  readonly clients?: ClientLookup;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

export interface Brig extends AsyncDisposable {
  readonly rpcs: readonly ServedRpc[];
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  /** For the operations listener. */
  readonly internalRoutes: readonly ServedRoute[];
  readonly tokens: {
    /** What a token says, when it is well-formed, signed by us and not expired. Never throws. */
    verify(text: string): VerifiedToken | undefined;
  };
}

/**
 * Opens brig.
 * @throws Error when the zauth keys cannot be read or made, naming the file and what is wrong.
 */
export async function openBrig(needs: BrigNeeds): Promise<Brig> {
  const zauth = new Zauth(await openZauthKeys(needs.zauthKeys));
  const now = needs.now ?? Date.now;
  const mailer = openMailer(needs.mail);
  return {
    rpcs: brigRpcTable({
      ownDomain: needs.ownDomain,
      reader: needs.storage.reader,
      remoteRules: needs.remoteRules,
    }),
    ...createRoutes(needs, { zauth, mailer, now }),
    tokens: { verify: createTokenVerifier(zauth, now) },
    [Symbol.asyncDispose]: () => mailer[Symbol.asyncDispose](),
  };
}

const noClients: ClientLookup = { has: async () => false };

interface Owned {
  readonly zauth: Zauth;
  readonly mailer: Mailer;
  readonly now: () => number;
}

/** Puts the subjects together: each gets what it declares in its needs. */
function createRoutes(
  needs: BrigNeeds,
  { zauth, mailer, now }: Owned,
): Pick<Brig, 'routes' | 'internalRoutes'> {
  const { ownDomain, storage, remoteRules, clients = noClients, federation = federationDisabled } = needs;
  const { reader } = storage;
  const settings: BrigSettings = { ...defaultSettings, ...needs.settings };
  const emailRules = createEmailRules(settings);
  const passwords = createPasswords();
  const sessions = createSessions({ zauth, settings, now });
  const activation = createActivation({ storage, settings, emailRules, mailer, now });
  const registration = createRegistration({
    storage,
    settings,
    emailRules,
    passwords,
    activation,
    sessions,
    now,
  });
  const budget = createLoginBudget(storage, settings.failedLogins, now);
  const changes = createAccountChanges(storage);
  const inactivity = createInactivity(storage, changes, settings.suspendInactiveSeconds, now);
  const login = createLogin({ storage, passwords, budget, sessions, inactivity, now });
  const access = createAccess({ storage, zauth, sessions, clients, inactivity, settings, now });
  const emailChange = createEmailChange(storage, activation, emailRules);
  const passwordReset = createPasswordReset({ storage, passwords, mailer, settings, now });
  const passwordChange = createPasswordChange(storage, passwords);
  const handles = createHandles({ storage, reservationSeconds: settings.handleReservationSeconds, now });
  return {
    routes: [
      ...registrationRoutes({ ownDomain, registration, activation, sessions }),
      ...loginRoutes({ login, access, sessions, emailChange, passwordReset }),
      ...cookieRoutes({ reader, passwordChange, now }),
      ...selfRoutes({ ownDomain, reader, changes, handles, passwordChange }),
      ...handleRoutes(handles),
      ...userRoutes({ ownDomain, reader, federation }),
      ...searchRoutes({ ownDomain, reader, federation, remoteRules }),
    ],
    internalRoutes: internalUserRoutes({
      ownDomain,
      reader,
      registration,
      changes,
      handles,
      passwordReset,
      now,
    }),
  };
}
