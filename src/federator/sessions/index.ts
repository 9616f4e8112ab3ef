/**
 * HTTP/2 sessions to remote backends: pooled, multiplexed, mutually authenticated, and replaced when certificates, SRV
 * records or the remote change. `openSessionPool` is the whole face; start reading at `remote.ts` for how a call gets a
 * stream, at `verify-server.ts` for whom we believe.
 */
export type { SessionOptions } from './options.ts';
export { errorName, type RemoteSession } from './remote-session.ts';
export {
  openSessionPool,
  type RemoteStatus,
  type SessionPool,
} from './session-pool.ts';
