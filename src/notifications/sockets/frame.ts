import { asciiJson, type EventJson } from '../streams/event-json.ts';

/** First byte of a frame that is whole and binary (RFC 6455, 5.2). */
const wholeBinary = 0x82;

/**
 * A notification as the bytes of one WebSocket frame: the same for every socket, since servers do not mask. Events
 * hold ASCII alone, so a character is a byte.
 */
export function notificationFrame(id: string, event: EventJson, transient: boolean): Buffer {
  return binaryFrame(`{"id":"${id}","payload":[${event}],"transient":${transient}}`);
}

/** An event of a client's queue as the bytes of one WebSocket frame. */
export function eventFrame(tag: number, id: string, event: EventJson): Buffer {
  return binaryFrame(
    `{"type":"event","data":{"delivery_tag":${tag},"event":{"id":"${id}","payload":[${event}]}}}`,
  );
}

/** Says that all that waited when a client connected lies behind it. */
export function synchronizationFrame(tag: number, marker: string): Buffer {
  return binaryFrame(
    `{"type":"synchronization","data":{"delivery_tag":${tag},"marker_id":${asciiJson(marker)}}}`,
  );
}

/** Says that events went out of the queue before they were acknowledged. */
export const missedFrame = binaryFrame('{"type":"notifications_missed"}');

/** @param text ASCII */
export function binaryFrame(text: string): Buffer {
  const { length } = text;
  const headLength = length < 126 ? 2 : length < 0x1_0000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headLength + length);
  frame[0] = wholeBinary;
  if (headLength === 2) frame[1] = length;
  else if (headLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  frame.write(text, headLength, 'latin1');
  return frame;
}
