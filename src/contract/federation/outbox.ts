import { Type } from 'typebox';
import { rpc } from '../rpc.ts';

/**
 * Bundles: an RPC between Crosswire backends that carries many queued notifications in one request. A backend that
 * takes them says so in a member of its `api-version` answer that others ignore; towards those each notification is a
 * request of its own.
 *
 * A bundle says nothing about where it comes from: its notifications are those of the request's origin domain.
 */

/** Most notifications in one bundle, on both sides. */
export const maxBundleRows = 256;

export const BundledNotification = Type.Object({
  /** Delivery id: the same on each attempt. */
  id: Type.String({ pattern: '^[\\w-]{1,64}$' }),
  /** Notifications of one lane are handled in their order; one that fails stops the lane within the bundle. */
  lane: Type.String({ minLength: 1, maxLength: 256 }),
  component: Type.Union([Type.Literal('brig'), Type.Literal('galley'), Type.Literal('cargohold')]),
  rpc: Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}$' }),
  /** The body that the RPC would have as a request of its own: JSON text of the request's version. */
  body: Type.String(),
  requestId: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,128}$' })),
});
export type BundledNotification = Type.Static<typeof BundledNotification>;

export const Bundle = Type.Object({
  notifications: Type.Array(BundledNotification, { minItems: 1, maxItems: maxBundleRows }),
});
export type Bundle = Type.Static<typeof Bundle>;

/**
 * What became of one notification. `refused`: its RPC answered with this error. `pending`: it was begun and had not
 * ended when the answer was due; whether it had an effect is not known. `skipped`: it was not begun.
 */
export const BundledResult = Type.Union([
  Type.Object({ outcome: Type.Literal('done') }),
  Type.Object({
    outcome: Type.Literal('refused'),
    code: Type.Integer(),
    label: Type.String(),
    message: Type.String(),
  }),
  Type.Object({ outcome: Type.Literal('pending') }),
  Type.Object({ outcome: Type.Literal('skipped') }),
]);
export type BundledResult = Type.Static<typeof BundledResult>;

export const deliverNotifications = rpc('brig', 'deliver-notifications', {
  about: 'Carries queued notifications of many lanes in one request; ours, between Crosswire backends.',
  input: Bundle,
  /** One result for each notification, in the order of the bundle. */
  output: Type.Object({ results: Type.Array(BundledResult, { maxItems: maxBundleRows }) }),
});

export const bundleRpcs = { deliverNotifications };
