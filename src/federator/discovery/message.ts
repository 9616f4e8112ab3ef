import { type Answer, type DecodedPacket, decode, encode, RECURSION_DESIRED } from 'dns-packet';

/** The record types that discovery asks for. */
export type QuestionType = 'SRV' | 'A' | 'AAAA';

/** What is asked; `name` is lower case without trailing dot. Class is always IN. */
export interface Question {
  readonly name: string;
  readonly type: QuestionType;
}

/** A question on its way: an answer counts only when it repeats id and question. */
export interface OutgoingQuery extends Question {
  readonly id: number;
  readonly bytes: Buffer;
}

/** An answer that belongs to the query, decoded. `rcode` includes EDNS' extended bits (RFC 6891 6.1.3). */
export interface Message {
  readonly rcode: number;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
}

/**
 * What a packet from the server's address is to a query:
 * - `ignored`: not an answer to it (other id, no response bit, another question): a spoof or a late one; wait on;
 * - `truncated`: the answer is longer than a datagram; ask over TCP;
 * - `malformed`: an answer to it that cannot be read;
 * - `answer`.
 */
export type Verdict =
  | { readonly verdict: 'ignored'; readonly why: string }
  | { readonly verdict: 'truncated' }
  | { readonly verdict: 'malformed'; readonly why: string; readonly cause: unknown }
  | { readonly verdict: 'answer'; readonly message: Message };

/** Largest datagram we take: what passes every path without fragments (DNS flag day 2020). */
const udpPayloadSize = 1232;
const headerBytes = 12;
const edns: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** Makes the packet of a question. Without EDNS for servers and middle-boxes that choke on it. */
export function makeQuery(question: Question, id: number, withEdns: boolean): OutgoingQuery {
  const bytes = encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name: question.name, type: question.type, class: 'IN' }],
    additionals: withEdns ? [edns] : [],
  });
  return { ...question, id, bytes };
}

/** Judges a packet, cheapest check first. It never throws. */
export function judge(bytes: Buffer, query: OutgoingQuery): Verdict {
  if (bytes.length < headerBytes)
    return { verdict: 'ignored', why: `a packet of ${bytes.length} bytes is no answer` };
  if (bytes.readUInt16BE(0) !== query.id) return { verdict: 'ignored', why: 'an answer has another id' };
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) === 0) return { verdict: 'ignored', why: 'a packet is a query, not an answer' };
  if ((flags & 0x7800) !== 0) return { verdict: 'ignored', why: 'an answer has another operation code' };
  try {
    const other = otherQuestion(bytes, query);
    if (other !== undefined) return { verdict: 'ignored', why: `an answer is for ${other}` };
    if ((flags & 0x0200) !== 0) return { verdict: 'truncated' };
    return { verdict: 'answer', message: readMessage(decode(bytes), flags) };
  } catch (cause) {
    // dns-packet throws plain errors of several kinds for bytes that are no message.
    return { verdict: 'malformed', why: cause instanceof Error ? cause.message : String(cause), cause };
  }
}

/** The question that a packet answers when it is not the query's; a server that fails may leave it out. */
function otherQuestion(bytes: Buffer, query: OutgoingQuery): string | undefined {
  const head = Buffer.from(bytes);
  // Only the question is read here: the records of a truncated packet may end anywhere.
  head.fill(0, 6, headerBytes);
  const [question, ...more] = decode(head).questions ?? [];
  const rcode = bytes.readUInt16BE(2) & 0xf;
  if (question === undefined) return rcode === 0 || rcode === 3 ? 'no question' : undefined;
  if (more.length > 0) return `${more.length + 1} questions`;
  const same =
    foldName(question.name) === query.name && question.type === query.type && question.class === 'IN';
  return same ? undefined : `${printable(question.name)} ${question.type}`;
}

function readMessage(packet: DecodedPacket, flags: number): Message {
  const option = packet.additionals?.find((record) => record.type === 'OPT');
  const extended = option?.type === 'OPT' ? option.extendedRcode << 4 : 0;
  return {
    rcode: extended | (flags & 0xf),
    answers: packet.answers ?? [],
    authorities: packet.authorities ?? [],
  };
}

/** Names compare in lower case and without trailing dot (RFC 4343). */
export function foldName(name: string): string {
  return (name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}

/** A name from the network as it may stand in a message or log line: quoted, without control characters. */
export function printable(name: string): string {
  return JSON.stringify(name.slice(0, 255));
}
