import { Type } from 'typebox';
import type { BackendDomain, ClientId, Qualified, UserId } from './ids.ts';
import { ClientIdSchema, Domain, MapOf, UserIdSchema, UtcMillis } from './schema.ts';

/** What client API and federation API call Proteus messages (reference client-api 5, federation-api 5.4.4, 8.1). */

/** Of the native push. */
export const Priority = Type.Union([Type.Literal('low'), Type.Literal('high')]);
export type Priority = Type.Static<typeof Priority>;

/** Clients of users of one backend. */
export const UserClients = MapOf(UserIdSchema, Type.Array(ClientIdSchema));
export type UserClients = Type.Static<typeof UserClients>;

export const QualifiedUserClients = MapOf(Domain, UserClients);
export type QualifiedUserClients = Type.Static<typeof QualifiedUserClients>;

/** What has become of a message, or why it was not sent. */
export const MessageSendingStatus = Type.Object({
  time: UtcMillis,
  /** Have no ciphertext and should have one. */
  missing: QualifiedUserClients,
  /** Have one and should not: their users are not members. */
  redundant: QualifiedUserClients,
  /** Have one and are not there, though their users are members. */
  deleted: QualifiedUserClients,
  failed_to_send: QualifiedUserClients,
  /** Their backend could not be asked. */
  failed_to_confirm_clients: QualifiedUserClients,
});
export type MessageSendingStatus = Type.Static<typeof MessageSendingStatus>;

/** Ciphertexts in base64, by backend, user and client. */
export type Recipients = ReadonlyMap<BackendDomain, ReadonlyMap<UserId, ReadonlyMap<ClientId, string>>>;

/** Which missing clients keep a message from being sent. */
export type MismatchStrategy =
  | { readonly tag: 'report-all' | 'ignore-all' }
  | { readonly tag: 'report-only' | 'ignore-only'; readonly users: readonly Qualified<UserId>[] };

/** How a message is to be delivered, beside to whom. */
export interface MessageMetadata {
  readonly nativePush: boolean;
  readonly nativePriority: Priority | undefined;
  /** Only for open sockets. */
  readonly transient: boolean;
  /** The same for all, in base64. */
  readonly data: string | undefined;
}

/** A message as a client hands it over, whatever form it came in. */
export interface NewMessage extends MessageMetadata {
  readonly sender: ClientId;
  readonly recipients: Recipients;
  readonly strategy: MismatchStrategy;
}

/** Largest ciphertext, and largest data for all. */
export const maxCiphertextBytes = 256 * 1024;
