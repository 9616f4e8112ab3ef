/** Clients over real HTTP, as small as tests and the demo need them. */
export { request, type TestAnswer, type TestRequest } from './http.ts';
export { MlsClient, type MlsSeen, type MlsTestGroup } from './mls-client.ts';
export { type MadeCommit, type MadeKeyPackage, MlsDevice, type TestSuite } from './mls-device.ts';
export { lastResortId, makePrekey, makePrekeys, type TestPrekey } from './prekeys.ts';
export { type ClaimedPrekey, ProteusDevice } from './proteus-device.ts';
export {
  type BackendUrls,
  createUser,
  logIn,
  logInAsClient,
  type NewTestUser,
  type TestUser,
} from './user.ts';
