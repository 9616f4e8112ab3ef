/**
 * What senders were told and what receivers saw, compared afterwards. A message is named `conversation sender number`;
 * a sender counts up in each conversation and sends the next only when the last has its answer or has lost it.
 */
export interface Verdict {
  /** Acknowledged to a sender. */
  readonly acknowledged: number;
  /** Seen, by all receivers together. */
  readonly seen: number;
  /** Acknowledged, and not seen by a member. */
  readonly lost: readonly string[];
  /** Seen more than once by a client. */
  readonly twice: readonly string[];
  /** Seen after a later one of the same sender, or in another order than another member saw. */
  readonly disordered: readonly string[];
}

export interface MessageName {
  readonly conversation: string;
  readonly sender: string;
  readonly number: number;
}

const textOf = ({ conversation, sender, number }: MessageName) => `${conversation} ${sender} ${number}`;

export class MessageOracle {
  readonly #acknowledged = new Set<string>();
  /** What each receiver saw of each conversation, in the order of its stream. */
  readonly #seen = new Map<string, Map<string, MessageName[]>>();
  /** The notifications in which a receiver saw a message. */
  readonly #notifications = new Map<string, string[]>();

  constructor(receivers: readonly string[]) {
    for (const receiver of receivers) this.#seen.set(receiver, new Map());
  }

  acknowledge(message: MessageName): void {
    this.#acknowledged.add(textOf(message));
  }

  see(receiver: string, message: MessageName, notification: string): void {
    const what = `${textOf(message)} at ${receiver}`;
    const notifications = this.#notifications.get(what) ?? [];
    notifications.push(notification);
    this.#notifications.set(what, notifications);
    const conversations = this.#seen.get(receiver);
    const messages = conversations?.get(message.conversation) ?? [];
    messages.push(message);
    conversations?.set(message.conversation, messages);
  }

  /** How many of the acknowledged messages a member has not seen yet. */
  get missing(): number {
    return this.#lost().length;
  }

  verdict(): Verdict {
    const all = [...this.#seen.values()].flatMap((conversations) => [...conversations.values()]);
    return {
      acknowledged: this.#acknowledged.size,
      seen: all.reduce((sum, messages) => sum + messages.length, 0),
      lost: this.#lost(),
      twice: [...this.#notifications].flatMap(([what, ids]) =>
        ids.length > 1 ? [`${what}: ${ids.join(', ')}`] : [],
      ),
      disordered: [...all.flatMap(backwards), ...this.#disagreements()],
    };
  }

  #lost(): readonly string[] {
    const lost: string[] = [];
    for (const [receiver, conversations] of this.#seen) {
      const found = new Set([...conversations.values()].flat().map(textOf));
      for (const text of this.#acknowledged)
        if (text.split(' ')[1] !== receiver && !found.has(text)) lost.push(`${text} at ${receiver}`);
    }
    return lost;
  }

  /** Conversations of which two members saw the same messages in different orders. */
  #disagreements(): readonly string[] {
    const receivers = [...this.#seen.keys()];
    return receivers.flatMap((one, index) =>
      receivers.slice(index + 1).flatMap((other) => this.#disagreement(one, other)),
    );
  }

  #disagreement(one: string, other: string): readonly string[] {
    const mine = this.#seen.get(one) ?? new Map<string, MessageName[]>();
    return [...mine].flatMap(([conversation, messages]) => {
      const theirs = (this.#seen.get(other)?.get(conversation) ?? []).map(textOf);
      const both = new Set(messages.map(textOf)).intersection(new Set(theirs));
      const first = messages.map(textOf).filter((text) => both.has(text));
      const second = theirs.filter((text) => both.has(text));
      const at = first.findIndex((text, index) => text !== second[index]);
      return at === -1 ? [] : [`${one} saw ${first[at]} where ${other} saw ${second[at]}`];
    });
  }
}

/** Messages that came after a later one of the same sender. */
function backwards(messages: readonly MessageName[]): readonly string[] {
  const latest = new Map<string, number>();
  return messages.flatMap((message) => {
    const before = latest.get(message.sender) ?? -1;
    latest.set(message.sender, Math.max(before, message.number));
    return message.number < before ? [`${textOf(message)} after ${before}`] : [];
  });
}
