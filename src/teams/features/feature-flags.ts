import type { FeatureChange } from '#contract/client/features.ts';
import {
  type AllFeatures,
  type Feature,
  type FeatureName,
  featureNames,
  features,
  type LockStatus,
  type MlsConfig,
} from '#contract/features.ts';
import type { TeamId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { compileParser } from '#contract/schema.ts';
import type { Reader, Work } from '#storage';
import type { HoldEnding } from '../legalhold/hold-ending.ts';
import type { LegalholdRules } from '../legalhold/rules.ts';
import { listMembers } from '../members/member-store.ts';
import type { TeamsNeeds } from '../needs.ts';
import type { TeamsSettings } from '../settings.ts';
import type { ApplyFeature } from './feature-effects.ts';
import { defaultFeature, findFeature, listSet, putFeature } from './feature-store.ts';

/** What is given of a feature; the rest stays. */
export interface FeaturePatch extends Partial<FeatureChange> {
  readonly lockStatus?: LockStatus;
}

/** The feature flags of teams (reference client-api 9.2). */
export interface FeatureFlags {
  /** Of a team, or of users without one. */
  list(team: TeamId | undefined): Promise<AllFeatures>;
  get(team: TeamId, name: FeatureName): Promise<Feature>;
  /**
   * As a member: @throws Refusal `feature-locked` when it is locked, `mls-protocol-mismatch`, `bad-request`,
   * `legalhold-not-enabled`, `legalhold-whitelisted-only`, `too-large-team-for-legalhold`
   */
  set(team: TeamId, name: FeatureName, change: FeatureChange): Promise<Feature>;
  /** As an operator, whatever the lock. @throws Refusal as `set` */
  patch(team: TeamId, name: FeatureName, patch: FeaturePatch): Promise<Feature>;
}

interface Needs extends Pick<TeamsNeeds, 'storage' | 'events'> {
  readonly settings: TeamsSettings;
  readonly applyFeature: ApplyFeature;
  readonly legalholdRules: LegalholdRules;
  readonly holdEnding: Pick<HoldEnding, 'endAll'>;
}

export function createFeatureFlags(needs: Needs): FeatureFlags {
  const { storage, events, settings, applyFeature, legalholdRules, holdEnding } = needs;
  const initial = (name: FeatureName): Feature =>
    name === 'mls' && settings.offersMls
      ? { ...defaultFeature(name), status: 'enabled' }
      : defaultFeature(name);

  async function find(reader: Reader, team: TeamId, name: FeatureName): Promise<Feature> {
    const feature = await findFeature(reader, team, name, initial);
    return name === 'legalhold' ? asPolicySays(reader, team, feature) : feature;
  }

  async function asPolicySays(reader: Reader, team: TeamId | undefined, feature: Feature): Promise<Feature> {
    const isEnabled = team !== undefined && (await legalholdRules.isEnabled(reader, team));
    return { ...feature, status: isEnabled ? 'enabled' : 'disabled' };
  }

  async function change(team: TeamId, name: FeatureName, next: (now: Feature) => Feature): Promise<Feature> {
    const changed = await storage.work(async (work) => {
      const wanted = next(await find(work.reader, team, name));
      await assertFits(work, team, name, wanted);
      await putFeature(work, team, name, wanted);
      await applyFeature(work, team, name, wanted);
      await tell(work, team, name, wanted);
      return wanted;
    });
    if (name === 'legalhold' && changed.status === 'disabled') await holdEnding.endAll(team);
    return changed;
  }

  async function assertFits(work: Work, team: TeamId, name: FeatureName, wanted: Feature): Promise<void> {
    if (name === 'legalhold') {
      await legalholdRules.assertMaySet(work.reader, team, wanted.status === 'enabled');
    }
    if (name === 'mls') {
      assertProtocols(wanted.config as MlsConfig);
      if (wanted.status === 'enabled') return;
      if ((await findFeature(work.reader, team, 'mlsMigration')).status === 'enabled')
        throw refuse('mls-protocol-mismatch', {
          message: 'mls: cannot be disabled while mlsMigration is enabled',
        });
    }
    if (name !== 'mlsMigration' || wanted.status === 'disabled') return;
    if ((await find(work.reader, team, 'mls')).status === 'disabled')
      throw refuse('mls-protocol-mismatch', { message: 'mlsMigration: cannot be enabled without mls' });
  }

  /** Everybody, or nobody in a team that is too large for that. */
  async function tell(work: Work, team: TeamId, name: FeatureName, data: Feature): Promise<void> {
    const members = await listMembers(work.reader, team, settings.fanOutLimit + 1);
    if (members.length === 0 || members.length > settings.fanOutLimit) return;
    const event = { type: 'feature-config.update', name, data };
    await events.push(work, { recipients: members.map(({ user }) => ({ user })), event });
  }

  return {
    async list(team) {
      const set = team === undefined ? new Map<string, Feature>() : await listSet(storage.reader, team);
      const entries = featureNames.map((name) => [name, set.get(name) ?? initial(name)]);
      const all = Object.fromEntries(entries) as AllFeatures;
      return { ...all, legalhold: await asPolicySays(storage.reader, team, all.legalhold) };
    },
    get: (team, name) => find(storage.reader, team, name),
    set: (team, name, { status, config }) =>
      change(team, name, (now) => {
        if (now.lockStatus === 'locked') throw refuse('feature-locked');
        return { ...now, status, ...configOf(name, config, now) };
      }),
    patch: (team, name, { status, lockStatus, config }) =>
      change(team, name, (now) => ({
        ...now,
        ...(status === undefined ? {} : { status }),
        ...(lockStatus === undefined ? {} : { lockStatus }),
        ...configOf(name, config, now),
      })),
  };
}

/** The configuration that is given, checked, or the one that is there. */
function configOf(name: FeatureName, given: unknown, now: Feature): Pick<Feature, 'config'> {
  const { config } = features[name];
  if (config === null) return {};
  if (given === undefined || given === null) return { config: now.config };
  return { config: compileParser(config, 'bad-request').parse(given, 'body.config') };
}

function assertProtocols({ defaultProtocol, supportedProtocols }: MlsConfig): void {
  if (supportedProtocols.includes(defaultProtocol)) return;
  throw refuse('mls-protocol-mismatch', {
    message: `body.config: the default protocol ${defaultProtocol} is not among the supported ones`,
  });
}
