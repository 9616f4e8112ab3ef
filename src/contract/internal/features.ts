import { Type } from 'typebox';
import { FeatureChange, FeatureNameSchema } from '../client/features.ts';
import { Feature, FeatureStatus, LockStatus } from '../features.ts';
import { route } from '../route.ts';
import { Nullable, TeamIdSchema } from '../schema.ts';

const one = { tid: TeamIdSchema, feature: FeatureNameSchema };

export const getFeature = route('GET', '/i/teams/:tid/features/:feature', {
  about: 'A feature flag of a team.',
  auth: 'internal',
  params: one,
  answers: { 200: Feature },
});

export const setFeature = route('PUT', '/i/teams/:tid/features/:feature', {
  about: 'Sets a feature flag of a team, locked or not.',
  auth: 'internal',
  params: one,
  body: FeatureChange,
  answers: { 200: Feature },
});

export const patchFeature = route('PATCH', '/i/teams/:tid/features/:feature', {
  about: 'Changes what is given of a feature flag of a team.',
  auth: 'internal',
  params: one,
  body: Type.Object({
    status: Type.Optional(FeatureStatus),
    lockStatus: Type.Optional(LockStatus),
    config: Type.Optional(Nullable(Type.Unknown())),
    ttl: Type.Optional(Type.Unknown()),
  }),
  answers: { 200: Feature },
});

export const lockFeature = route('PUT', '/i/teams/:tid/features/:feature/:lock', {
  about: 'Locks or unlocks a feature flag of a team.',
  auth: 'internal',
  params: { ...one, lock: LockStatus },
  answers: { 200: Type.Object({ lockStatus: LockStatus }) },
});
