import type { Kysely } from 'kysely';
import { accountsAndRemotes } from './0001-accounts-and-remotes.ts';
import { passwordResetsAndLoginFailures } from './0002-password-resets-and-login-failures.ts';
import { devices } from './0003-devices.ts';
import { connections } from './0004-connections.ts';
import { notifications } from './0005-notifications.ts';
import { outbox } from './0006-outbox.ts';
import { conversations } from './0007-conversations.ts';
import { assets } from './0009-assets.ts';
import { keyPackages } from './0010-key-packages.ts';
import { mlsGroups } from './0011-mls-groups.ts';
import { teamFeatures } from './0012-team-features.ts';
import { assetUsage } from './0014-asset-usage.ts';
import { teams } from './0015-teams.ts';
import { consumers } from './0016-consumers.ts';
import { services } from './0017-services.ts';
import { legalhold } from './0018-legalhold.ts';
import { secondFactor } from './0019-second-factor.ts';
import { providersAndBots } from './0020-providers-and-bots.ts';
import { noncesAndActivations } from './0021-nonces-and-activations.ts';
import { providerCodes } from './0022-provider-codes.ts';
import type { Forms } from './forms.ts';

/** One step of the database's history. Once released it is never edited. */
export interface Migration {
  /** The file's name: number, then what it does. */
  readonly name: string;
  /** A process that does not know this migration cannot work with the tables any more and must not start. */
  readonly breaking: boolean;
  up(db: Kysely<unknown>, forms: Forms): Promise<void>;
}

/** Every migration in order; forward only. */
export const migrations: readonly Migration[] = [
  accountsAndRemotes,
  passwordResetsAndLoginFailures,
  devices,
  connections,
  notifications,
  outbox,
  conversations,
  assets,
  keyPackages,
  mlsGroups,
  teamFeatures,
  assetUsage,
  teams,
  consumers,
  services,
  legalhold,
  secondFactor,
  providersAndBots,
  noncesAndActivations,
  providerCodes,
];
