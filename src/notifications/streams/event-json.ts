import type { ClientEvent } from '#contract/events/push.ts';

/** An event as JSON that holds ASCII alone, so that one byte is one character wherever it is spliced in. */
export type EventJson = string & { readonly eventJson: true };

const beyondAscii = /[^\0-\x7f]/g;

/**
 * Encodes an event once, for the store, for pages and for frames. What is beyond ASCII becomes `\uXXXX`: the official
 * client reads the bytes of a frame as characters, one to one.
 */
export function encodeEvent(event: ClientEvent): EventJson {
  return asciiJson(event) as EventJson;
}

/** JSON of a value that it can be made of, in ASCII. */
export function asciiJson(value: string | object): string {
  return JSON.stringify(value).replace(beyondAscii, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
