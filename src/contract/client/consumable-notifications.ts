import { Type } from 'typebox';
import { route } from '../route.ts';
import { ClientIdSchema } from '../schema.ts';

/** The socket of clients that consume their notifications (official-client 5). */

/** What a client says: JSON in a text or binary frame. */
export const ConsumerMessage = Type.Union([
  Type.Object({
    type: Type.Literal('ack'),
    data: Type.Object({
      delivery_tag: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      /** All that were delivered before it as well. */
      multiple: Type.Boolean(),
    }),
  }),
  /** The answer to `notifications_missed`. */
  Type.Object({ type: Type.Literal('ack_full_sync') }),
]);
export type ConsumerMessage = Type.Static<typeof ConsumerMessage>;

/** Of a marker: a client makes a UUID. */
export const maxMarkerLength = 128;

/**
 * Answers only those who do not ask for an upgrade. wire-server's version 8 does not know `sync_marker`, which came
 * with 9; the official client sends it in 8 already and waits for its return, so it is answered here.
 */
export const consumeEvents = route('GET', '/events', {
  about:
    'Opens a WebSocket that carries the queue of a client, each event until it is acknowledged. `access_token` may be in the query.',
  auth: 'user',
  versions: [8],
  query: {
    client: Type.Optional(ClientIdSchema),
    sync_marker: Type.Optional(
      Type.String({ maxLength: maxMarkerLength, description: 'comes back behind what has waited' }),
    ),
  },
  answers: { 101: null },
});
