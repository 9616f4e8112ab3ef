import { Type } from 'typebox';
import { Base64Bytes, CipherSuiteText, CipherSuiteTexts, KeyPackageBundle } from '../key-packages.ts';
import { route } from '../route.ts';
import { ClientIdSchema, Domain, UserIdSchema } from '../schema.ts';
import { mlsVersions } from './mls-keys.ts';

/** MLS key packages (reference client-api 8.2). */

/** Most references that one request may name. */
const maxReferences = 1000;
/** Clients upload a hundred at a time; each costs two checks of signatures. */
const maxUploaded = 1000;

const ownClient = { client: ClientIdSchema };
/** Up to version 7 suite 1 counts when none is named. */
const v7 = [5, 8] as const;
const v8 = [8] as const;
const oneSuite = { ciphersuite: CipherSuiteText };
const anySuite = { ciphersuite: Type.Optional(CipherSuiteText) };

/** Bare key packages. */
export const KeyPackageUpload = Type.Object({
  key_packages: Type.Array(Base64Bytes, { maxItems: maxUploaded }),
});

export const uploadKeyPackages = route('POST', '/mls/key-packages/self/:client', {
  about: 'Adds key packages of a client of the caller: all of them, or none when one is not valid.',
  auth: 'user',
  versions: mlsVersions,
  params: ownClient,
  body: KeyPackageUpload,
  answers: { 201: null },
});

const replacement = {
  about: 'Puts key packages in the place of all that a client of the caller has of some suites.',
  auth: 'user',
  params: ownClient,
  body: KeyPackageUpload,
  answers: { 201: null },
} as const;

export const replaceKeyPackagesV7 = route('PUT', '/mls/key-packages/self/:client', {
  ...replacement,
  versions: v7,
  query: { ciphersuites: Type.Optional(CipherSuiteTexts) },
});
export const replaceKeyPackages = route('PUT', '/mls/key-packages/self/:client', {
  ...replacement,
  versions: v8,
  query: { ciphersuites: CipherSuiteTexts },
});

const count = {
  about: 'How many key packages of a suite a client of the caller has left.',
  auth: 'user',
  params: ownClient,
  answers: { 200: Type.Object({ count: Type.Integer() }) },
} as const;

export const countKeyPackagesV7 = route('GET', '/mls/key-packages/self/:client/count', {
  ...count,
  versions: v7,
  query: anySuite,
});
export const countKeyPackages = route('GET', '/mls/key-packages/self/:client/count', {
  ...count,
  versions: v8,
  query: oneSuite,
});

const deletion = {
  about: 'Removes key packages of a client of the caller; unknown references are ignored.',
  auth: 'user',
  params: ownClient,
  body: Type.Object({ key_packages: Type.Array(Base64Bytes, { minItems: 1, maxItems: maxReferences }) }),
  answers: { 201: null },
} as const;

export const deleteKeyPackagesV7 = route('DELETE', '/mls/key-packages/self/:client', {
  ...deletion,
  versions: v7,
  query: anySuite,
});
export const deleteKeyPackages = route('DELETE', '/mls/key-packages/self/:client', {
  ...deletion,
  versions: v8,
  query: oneSuite,
});

const claim = {
  about: 'Claims a key package of each client of a user that has one; of the caller itself, of the others.',
  auth: 'user',
  params: { domain: Domain, uid: UserIdSchema },
  answers: { 200: KeyPackageBundle },
} as const;

export const claimKeyPackagesV7 = route('POST', '/mls/key-packages/claim/:domain/:uid', {
  ...claim,
  versions: v7,
  query: anySuite,
});
export const claimKeyPackages = route('POST', '/mls/key-packages/claim/:domain/:uid', {
  ...claim,
  versions: v8,
  query: oneSuite,
});
