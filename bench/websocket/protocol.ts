import type { UserId } from '#contract/ids.ts';

/** What the benchmark tells its processes over IPC, and what they answer. */
export type ServerOrder =
  /** `count` events, each to all users, so many units of work in flight. */
  | {
      readonly tag: 'push';
      readonly users: readonly UserId[];
      readonly count: number;
      readonly window: number;
    }
  /** `count` events into each user's stream. */
  | { readonly tag: 'fill'; readonly users: readonly UserId[]; readonly count: number }
  | { readonly tag: 'usage' };

export interface ServerAnswer {
  readonly url?: string;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export type ClientOrder =
  | { readonly tag: 'open'; readonly url: string; readonly users: readonly UserId[] }
  /** Answers when each socket has got so many frames since the last such order. */
  | { readonly tag: 'expect'; readonly frames: number }
  /** Opens a socket for each user and fetches its whole stream, all at once. */
  | { readonly tag: 'catch-up'; readonly url: string; readonly users: readonly UserId[] }
  | { readonly tag: 'close' };

export interface ClientAnswer {
  readonly frames: number;
}

/** An event of the size of an encrypted message. */
export const event = {
  type: 'conversation.otr-message-add',
  conversation: '284d1c86-5117-4c58-aa18-c0068f3f7d8c',
  qualified_from: { domain: 'a.example.com', id: '6562d941-4f40-4db4-b96e-56a06d71c2c3' },
  time: '2026-01-01T00:00:00.000Z',
  data: { sender: 'a1', recipient: 'b2', text: 'x'.repeat(400) },
} as const;
