import { Type } from 'typebox';
import { Base64Bytes, CipherSuiteText, CipherSuiteTexts, KeyPackageBundle } from '../key-packages.ts';
import { route } from '../route.ts';
import { ClientIdSchema, Domain, UserIdSchema } from '../schema.ts';

/** MLS key packages (reference client-api 8.2). */

/** Most references that one request may name. */
const maxReferences = 1000;
/** Clients upload a hundred at a time; each costs two checks of signatures. */
const maxUploaded = 1000;

const since = [5] as const;
const ownClient = { client: ClientIdSchema };
const oneSuite = { ciphersuite: Type.Optional(CipherSuiteText) };

/** Bare key packages. */
export const KeyPackageUpload = Type.Object({
  key_packages: Type.Array(Base64Bytes, { maxItems: maxUploaded }),
});

export const uploadKeyPackages = route('POST', '/mls/key-packages/self/:client', {
  about: 'Adds key packages of a client of the caller: all of them, or none when one is not valid.',
  auth: 'user',
  versions: since,
  params: ownClient,
  body: KeyPackageUpload,
  answers: { 201: null },
});

export const replaceKeyPackages = route('PUT', '/mls/key-packages/self/:client', {
  about: 'Puts key packages in the place of all that a client of the caller has of some suites.',
  auth: 'user',
  versions: since,
  params: ownClient,
  query: { ciphersuites: Type.Optional(CipherSuiteTexts) },
  body: KeyPackageUpload,
  answers: { 201: null },
});

export const countKeyPackages = route('GET', '/mls/key-packages/self/:client/count', {
  about: 'How many key packages of a suite a client of the caller has left.',
  auth: 'user',
  versions: since,
  params: ownClient,
  query: oneSuite,
  answers: { 200: Type.Object({ count: Type.Integer() }) },
});

export const deleteKeyPackages = route('DELETE', '/mls/key-packages/self/:client', {
  about: 'Removes key packages of a client of the caller; unknown references are ignored.',
  auth: 'user',
  versions: since,
  params: ownClient,
  query: oneSuite,
  body: Type.Object({ key_packages: Type.Array(Base64Bytes, { minItems: 1, maxItems: maxReferences }) }),
  answers: { 201: null },
});

export const claimKeyPackages = route('POST', '/mls/key-packages/claim/:domain/:uid', {
  about: 'Claims a key package of each client of a user that has one; of the caller itself, of the others.',
  auth: 'user',
  versions: since,
  params: { domain: Domain, uid: UserIdSchema },
  query: oneSuite,
  answers: { 200: KeyPackageBundle },
});
