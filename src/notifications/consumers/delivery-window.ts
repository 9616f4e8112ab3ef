/** What a client has acknowledged of its queue. */
export interface Progress {
  /** The highest acknowledged position of the stream. */
  readonly position: number;
  /** Positions below it that are not acknowledged, ascending. */
  readonly holes: readonly number[];
}

/** Deliveries that may wait for their acknowledgement at once, as in wire-server: more are not sent. */
export const maxOutstanding = 500;

/**
 * What was delivered over one connection and is not acknowledged. Tags count the deliveries of the connection from 1;
 * a tag of another one means nothing here. What has no position (a marker, a transient event) is acknowledged like all
 * else and leaves no trace.
 */
export class DeliveryWindow {
  /** Tags in the order of delivery, with positions. */
  readonly #outstanding = new Map<number, number | undefined>();
  /** Delivered or to be delivered again, ascending. */
  readonly #unacknowledged: Set<number>;
  #position: number;
  #lastTag = 0;

  constructor({ position, holes }: Progress) {
    this.#position = position;
    this.#unacknowledged = new Set(holes);
  }

  get isFull(): boolean {
    return this.#outstanding.size >= maxOutstanding;
  }

  /** Notes a delivery. Events must come in the order of the stream. Returns its tag. */
  add(position: number | undefined): number {
    this.#lastTag += 1;
    this.#outstanding.set(this.#lastTag, position);
    if (position !== undefined) this.#unacknowledged.add(position);
    return this.#lastTag;
  }

  /**
   * Takes an acknowledgement: of one delivery, or with `multiple` also of all before it, and then 0 stands for all
   * that there are, as in AMQP. Returns whether the tag is outstanding; if not, nothing has changed.
   */
  acknowledge(tag: number, multiple: boolean): boolean {
    if (multiple && tag === 0) {
      for (const each of this.#outstanding.keys()) this.#take(each);
      return true;
    }
    if (!this.#outstanding.has(tag)) return false;
    if (!multiple) {
      this.#take(tag);
      return true;
    }
    for (const each of this.#outstanding.keys()) {
      if (each > tag) break;
      this.#take(each);
    }
    return true;
  }

  get progress(): Progress {
    const holes: number[] = [];
    for (const position of this.#unacknowledged) {
      if (position > this.#position) break;
      holes.push(position);
    }
    return { position: this.#position, holes };
  }

  #take(tag: number): void {
    const position = this.#outstanding.get(tag);
    this.#outstanding.delete(tag);
    if (position === undefined) return;
    this.#unacknowledged.delete(position);
    this.#position = Math.max(this.#position, position);
  }
}

/** What has been acknowledged in one account of a queue or in the other. */
export function joinProgress(one: Progress, other: Progress): Progress {
  const isOpenIn = ({ position, holes }: Progress) => {
    const open = new Set(holes);
    return (hole: number) => hole > position || open.has(hole);
  };
  const isOpenInBoth = [isOpenIn(one), isOpenIn(other)] as const;
  const holes = new Set([...one.holes, ...other.holes]);
  return {
    position: Math.max(one.position, other.position),
    holes: [...holes].filter((hole) => isOpenInBoth[0](hole) && isOpenInBoth[1](hole)).sort((a, b) => a - b),
  };
}
