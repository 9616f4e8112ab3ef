import { sql } from 'kysely';
import type { UserId } from '#contract/ids.ts';
import type { Reader } from '#storage';
import type { EventJson } from '../streams/event-json.ts';
import { readFailed } from '../telemetry.ts';

/** A row that an open socket may be for. */
export interface FollowedEvent {
  readonly user_id: UserId;
  readonly position: number;
  readonly clients: string | null;
  readonly origin: string | null;
  readonly event: EventJson;
}

export interface FollowerNeeds {
  readonly reader: Reader;
  /** Called with the events of a stream in order, each once. */
  deliver(event: FollowedEvent): void;
  /** Streams are looked at this often also when nobody says that there is something. */
  readonly lookEveryMs: number;
}

interface Followed {
  /** Everything up to here was delivered, or was there before the socket. */
  position: number;
  sockets: number;
}

const usersPerRead = 500;
const rowsPerRead = 2_000;

/**
 * Follows the streams of users with open sockets on PostgreSQL, where events come from all replicas and commits of
 * one stream may be heard of in another order than they happened. So a wake-up only says where to look: what is
 * delivered is read, in order, from where the last read ended. (On SQLite this process is the only writer and hears
 * of commits in their order; there events go to the sockets from memory.)
 */
export class StreamFollower implements AsyncDisposable {
  readonly #needs: FollowerNeeds;
  readonly #followed = new Map<UserId, Followed>();
  readonly #woken = new Set<UserId>();
  readonly #timer: NodeJS.Timeout;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(needs: FollowerNeeds) {
    this.#needs = needs;
    this.#timer = setInterval(() => this.wake([...this.#followed.keys()]), needs.lookEveryMs).unref();
  }

  /** Follows the stream from its present end. Each call asks for one `release`. */
  async follow(user: UserId): Promise<void> {
    const row = await this.#needs.reader
      .selectFrom('notification')
      .select((column) => column.fn.max('position').as('position'))
      .where('user_id', '=', user)
      .executeTakeFirst();
    const followed = this.#followed.get(user);
    if (followed === undefined) this.#followed.set(user, { position: row?.position ?? 0, sockets: 1 });
    else followed.sockets += 1;
  }

  release(user: UserId): void {
    const followed = this.#followed.get(user);
    if (followed === undefined) return;
    followed.sockets -= 1;
    if (followed.sockets === 0) this.#followed.delete(user);
  }

  /** There may be something new in these streams. */
  wake(users: readonly UserId[]): void {
    for (const user of users) if (this.#followed.has(user)) this.#woken.add(user);
    if (this.#woken.size > 0 && !this.#closed) this.#reading ??= this.#readAll();
  }

  /** Resolves when everything that it was woken for is delivered. */
  async whenRead(): Promise<void> {
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#woken.size > 0 && !this.#closed) await this.#readSome();
    } catch (error) {
      // The streams are looked at again with the next wake-up or turn of the timer.
      readFailed(error);
    } finally {
      this.#reading = undefined;
    }
  }

  async #readSome(): Promise<void> {
    const users = [...this.#woken].slice(0, usersPerRead);
    for (const user of users) this.#woken.delete(user);
    const present = users.flatMap((user) => {
      const position = this.#followed.get(user)?.position;
      return position === undefined ? [] : [{ user, position }];
    });
    const rows = await this.#read(present);
    if (rows.length === rowsPerRead) for (const user of users) this.#woken.add(user);
    for (const row of rows) {
      const followed = this.#followed.get(row.user_id);
      if (followed === undefined || followed.position >= row.position) continue;
      followed.position = row.position;
      this.#needs.deliver(row);
    }
  }

  async #read(
    ends: readonly { readonly user: UserId; readonly position: number }[],
  ): Promise<readonly FollowedEvent[]> {
    const query = sql<FollowedEvent>`
      select n.user_id, n.position, n.clients, n.origin, coalesce(n.payload, shared.payload) as event
      from unnest(${ends.map(({ user }) => user)}::text[], ${ends.map(({ position }) => position)}::bigint[])
        as seen(user_id, position)
      join notification n on n.user_id = seen.user_id collate "C" and n.position > seen.position
      left join notification_payload shared on n.payload is null and shared.position = n.position
      order by n.user_id, n.position
      limit ${rowsPerRead}`;
    return (await query.execute(this.#needs.reader as never)).rows;
  }
}
