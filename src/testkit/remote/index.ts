/** A scripted remote backend that fails a test on anything that it was not told to expect. */
export {
  answers,
  type ReceivedRpc,
  type RemoteBackend,
  remoteBackend,
  type ScriptedRpc,
} from './remote-backend.ts';
