import { styleText } from 'node:util';

/** Colours a text. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** Colours for a terminal; plain text for a pipe, a file, or when NO_COLOR is set. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}
