import type { Generated } from 'kysely';

/** Tables of the outbox part. */

/** A notification that waits for a remote backend. */
export interface OutboxRow {
  /** Counts up in the order in which the rows of a lane were told. */
  position: Generated<number>;
  /** Backend domain of the remote. */
  domain: string;
  /** `conv:<uuid>@<domain>` or `pair:<local uuid>:<remote uuid>`. */
  lane: string;
  /** The same on each attempt; the receiver takes the notification once. */
  delivery_id: string;
  component: string;
  rpc: string;
  /** JSON of the newest form of the input. */
  input: string;
  /** Of the client request that caused it. */
  request_id: string | null;
  created_at: number;
}

/** A notification that is not tried again by itself. */
export interface DeadLetterRow {
  delivery_id: string;
  domain: string;
  lane: string;
  component: string;
  rpc: string;
  input: string;
  request_id: string | null;
  created_at: number;
  /** Label of the refusal; `expired` when it waited too long. */
  label: string;
  reason: string;
  died_at: number;
}

/** A notification of a remote that was received, so that its repeats change nothing. */
export interface InboxRow {
  /** Admitted domain of the sender. */
  origin: string;
  delivery_id: string;
  received_at: number;
}

/** Which replica delivers to a remote (PostgreSQL only). */
export interface OutboxLeaseRow {
  domain: string;
  /** Random id of a replica; empty when none. */
  owner: string;
  /** By the database's clock. */
  expires_at: number;
}

export interface OutboxTables {
  outbox: OutboxRow;
  dead_letter: DeadLetterRow;
  inbox: InboxRow;
  outbox_lease: OutboxLeaseRow;
}
