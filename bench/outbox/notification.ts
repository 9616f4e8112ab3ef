import { Type } from 'typebox';
import { rpc } from '#contract/rpc.ts';
import { Empty } from '#contract/schema.ts';

/** A notification of the size that a message to a few clients has. */
export const onTextSent = rpc('galley', 'on-text-sent', {
  about: 'A text, for the benchmark.',
  input: Type.Object({ lane: Type.String(), number: Type.Integer(), text: Type.String() }),
  output: Empty,
  delivery: 'queued',
});

export const text = 'A text as people send it, encrypted for each client of each member. '.repeat(5);

/** Who is who; the infrastructure domains are those of the relay's stage. */
export type Side = 'a' | 'b';

/** What the driver asks of a side, by the name of the message. */
export type Command =
  /** A: queue this many notifications while nothing is delivered. */
  | { readonly command: 'fill'; readonly rows: number; readonly lanes: number }
  /** A: deliver what is queued. */
  | { readonly command: 'drain'; readonly mode: ModeName }
  /** A: queue this many while they are delivered. */
  | { readonly command: 'live'; readonly mode: ModeName; readonly rows: number; readonly lanes: number }
  /** B: how many were taken since the last question. */
  | { readonly command: 'count' };

export type ModeName = 'bundles' | 'one request each' | 'one at a time';

export interface Answer {
  readonly seconds?: number;
  readonly count?: number;
}
