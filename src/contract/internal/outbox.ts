import { Type } from 'typebox';
import { route } from '../route.ts';
import { Domain } from '../schema.ts';

/** What waits for other backends, on the operations listener. Ours; wire-server has no such end-points. */

/** ISO 8601, UTC. */
const Time = Type.String();

export const DeadLetter = Type.Object({
  delivery_id: Type.String(),
  lane: Type.String(),
  component: Type.String(),
  rpc: Type.String(),
  /** The label of the refusal, or `expired`. */
  label: Type.String(),
  reason: Type.String(),
  queued_at: Time,
  set_aside_at: Time,
});

export const RemoteQueue = Type.Object({
  domain: Domain,
  /** Notifications that wait, and in how many lanes. */
  depth: Type.Integer(),
  lanes: Type.Integer(),
  oldest_at: Type.Optional(Time),
  /**
   * `going`: whatever waits is on its way. `waiting`: the remote, or our policy, takes nothing at present. `probing`:
   * it is being tried. `elsewhere`: another replica delivers to it.
   */
  state: Type.Union([
    Type.Literal('going'),
    Type.Literal('waiting'),
    Type.Literal('probing'),
    Type.Literal('elsewhere'),
  ]),
  next_attempt_at: Type.Optional(Time),
  last_error: Type.Optional(Type.Object({ label: Type.String(), message: Type.String(), at: Time })),
  /** How many were set aside, and the newest of them. */
  dead_letter_count: Type.Integer(),
  dead_letters: Type.Array(DeadLetter),
});
export type RemoteQueue = Type.Static<typeof RemoteQueue>;

export const getQueues = route('GET', '/i/federation/queues', {
  about: 'What waits for other backends, why, and what was set aside.',
  auth: 'internal',
  answers: { 200: Type.Object({ queues: Type.Array(RemoteQueue) }) },
});

export const retryQueue = route('POST', '/i/federation/queues/:domain/retry', {
  about: 'Tries a remote at once, and puts its dead letters at the end of their lanes again.',
  auth: 'internal',
  params: { domain: Domain },
  answers: { 200: Type.Object({ requeued: Type.Integer() }) },
});

export const dropQueue = route('DELETE', '/i/federation/queues/:domain', {
  about: 'Drops for good the dead letters of a remote, or with `what=all` whatever waits for it as well.',
  auth: 'internal',
  params: { domain: Domain },
  query: { what: Type.Union([Type.Literal('dead-letters'), Type.Literal('all')]) },
  answers: { 200: Type.Object({ dead_letters: Type.Integer(), notifications: Type.Integer() }) },
});
