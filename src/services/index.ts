/**
 * Services: programs of others that take part in conversations as bots, and who provides them.
 *
 * It owns providers, services, which teams let them in, and which bot is whose; and it brings to each service what
 * happens in its bots' conversations. A bot is a user like others for everybody else: its account, its membership and
 * the stream of its events are kept elsewhere. It must never know what an event means.
 *
 * Start reading at `bots/bots.ts` (how a bot comes into a conversation) and `delivery/bot-delivery.ts` (how events reach
 * its service, and how it ends).
 */
import type { ServedRoute } from '#contract/route.ts';
import { createBots } from './bots/bots.ts';
import { createCatalogue } from './catalogue/catalogue.ts';
import { createWhitelist } from './catalogue/whitelist.ts';
import { Deliverer } from './delivery/deliverer.ts';
import type { ServicesNeeds } from './needs.ts';
import { createProviderCodes } from './providers/codes.ts';
import { createProviderPasswordReset } from './providers/password-reset.ts';
import { createProviders, type Providers } from './providers/providers.ts';
import { botRoutes } from './routes/bots.ts';
import { internalProviderRoutes, providerRoutes } from './routes/providers.ts';
import { serviceRoutes } from './routes/services.ts';
import { defaultSettings, type ServicesSettings } from './settings.ts';

export type { ServiceConversations, ServicesNeeds, ServiceTeams } from './needs.ts';
export type { ServicesSettings } from './settings.ts';

export interface Services extends AsyncDisposable {
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  /** For the operations listener. */
  readonly internalRoutes: readonly ServedRoute[];
  /** For whoever takes tokens of providers. */
  readonly isSessionOpen: Providers['isSessionOpen'];
}

/** Opens services. */
export function openServices(needs: ServicesNeeds): Services {
  const { storage, accounts, conversations, teams, now = Date.now } = needs;
  const settings: ServicesSettings = { ...defaultSettings, ...needs.settings };
  const deliverer = new Deliverer({ ...needs, settings, now });
  const codes = createProviderCodes({ storage, settings, now });
  const providers = createProviders({ storage, accounts, codes });
  const passwordReset = createProviderPasswordReset({ storage, accounts, codes });
  const catalogue = createCatalogue({
    storage,
    providers,
    wakeBotsOf: (services) => deliverer.wakeBotsOf(services),
  });
  const whitelist = createWhitelist({ storage, teams, conversations });
  const bots = createBots({ ...needs, onAdded: (work, bot) => deliverer.add(work, bot) });
  return {
    routes: [
      ...providerRoutes({ accounts, providers, passwordReset, catalogue }),
      ...serviceRoutes({ reader: storage.reader, catalogue, whitelist }),
      ...botRoutes(bots),
    ],
    internalRoutes: internalProviderRoutes({ providers }),
    isSessionOpen: providers.isSessionOpen,
    [Symbol.asyncDispose]: () => deliverer[Symbol.asyncDispose](),
  };
}
