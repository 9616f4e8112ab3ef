import { federationDisabled } from '#contract/rpc-caller.ts';
import type { Passwords } from './accounts/password.ts';
import { type ClientDirectory, createClientDirectory } from './clients/client-directory.ts';
import { type Clients, createClients } from './clients/clients.ts';
import { withoutQueues } from './clients/event-queues.ts';
import { createRemoteClients, type RemoteClients } from './clients/remote-clients.ts';
import type { LifetimeRule } from './key-packages/key-package-store.ts';
import { createOwnKeyPackages, type OwnKeyPackages } from './key-packages/own-key-packages.ts';
import type { Mailer } from './mail/mailer.ts';
import type { BrigNeeds } from './needs.ts';
import { type Claims, createClaims } from './prekeys/claims.ts';
import type { SecondFactor } from './second-factor/second-factor.ts';
import type { BrigSettings } from './settings.ts';

interface DeviceParts {
  readonly settings: BrigSettings;
  readonly passwords: Passwords;
  readonly secondFactor: SecondFactor;
  readonly mailer: Mailer;
  readonly now: () => number;
}

/** What RPCs and routes share of clients and prekeys. */
export interface Devices {
  readonly directory: ClientDirectory;
  readonly remoteClients: RemoteClients;
  readonly claims: Claims;
  readonly keyPackages: OwnKeyPackages;
  readonly lifetimes: () => LifetimeRule;
  readonly clients: Clients;
}

export function createDevices(
  needs: BrigNeeds,
  { settings, passwords, secondFactor, mailer, now }: DeviceParts,
): Devices {
  const { ownDomain, storage, events, queues = withoutQueues, onClientRemoved = [] } = needs;
  const directory = createClientDirectory(storage);
  const { clientLimit, keyPackageLifetimeSeconds: lifetimeSeconds } = settings;
  const maximumMs = lifetimeSeconds === undefined ? undefined : lifetimeSeconds * 1000;
  const lifetimes = () => ({ now: now(), maximumMs });
  return {
    directory,
    remoteClients: createRemoteClients(needs.federation ?? federationDisabled),
    claims: createClaims({ storage, directory, random: Math.random }),
    keyPackages: createOwnKeyPackages({ ownDomain, storage, directory, lifetimes }),
    lifetimes,
    clients: createClients({
      storage,
      passwords,
      secondFactor,
      mailer,
      directory,
      events,
      queues,
      onClientRemoved,
      clientLimit,
      now,
    }),
  };
}
