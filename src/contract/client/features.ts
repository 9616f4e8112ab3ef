import { Type } from 'typebox';
import { AllFeatures, Feature, FeatureStatus, featureNames } from '../features.ts';
import { route } from '../route.ts';
import { Nullable, TeamIdSchema } from '../schema.ts';

export const FeatureNameSchema = Type.Enum([...featureNames]);

/** What a feature becomes; its lock stays as it is. */
export const FeatureChange = Type.Object({
  status: FeatureStatus,
  config: Type.Optional(Nullable(Type.Unknown())),
  ttl: Type.Optional(Type.Unknown()),
});
export type FeatureChange = Type.Static<typeof FeatureChange>;

const one = { tid: TeamIdSchema, feature: FeatureNameSchema };

export const getFeatureConfigs = route('GET', '/feature-configs', {
  about: "Every feature flag, as it is for the caller's team or for users without one.",
  auth: 'user',
  answers: { 200: AllFeatures },
});

export const getTeamFeatures = route('GET', '/teams/:tid/features', {
  about: 'Every feature flag of a team.',
  auth: 'user',
  params: { tid: TeamIdSchema },
  answers: { 200: AllFeatures },
});

export const getTeamFeature = route('GET', '/teams/:tid/features/:feature', {
  about: 'A feature flag of a team.',
  auth: 'user',
  params: one,
  answers: { 200: Feature },
});

export const setTeamFeature = route('PUT', '/teams/:tid/features/:feature', {
  about: "Sets a feature flag of one's team, unless it is locked.",
  auth: 'user',
  params: one,
  body: FeatureChange,
  answers: { 200: Feature },
});
