import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  encode,
  RECURSION_AVAILABLE,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { PlainBehaviour, Query } from './script.ts';
import type { Zone, ZoneAnswer } from './zone.ts';

const rcodes = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, refused: 5 } as const;
const maxMessage = 65_535;

interface Reply {
  readonly rcode: number;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly truncated?: boolean;
}

/** The bytes that a behaviour answers a query with; undefined when it does not answer. */
export function replyTo(
  query: Query,
  behaviour: Exclude<PlainBehaviour, 'spoof-first' | 'guess-ids'>,
  zone: Zone,
  followAliases: boolean,
): Buffer | undefined {
  const normal = (): Buffer => fit(query, fromZone(zone.answer(query.name, query.type, followAliases)));
  const authorities = [zone.authority(query.name)];
  switch (behaviour) {
    case 'zone':
      return normal();
    case 'nxdomain':
      return fit(query, { rcode: rcodes.nxDomain, authorities });
    case 'nodata':
      return fit(query, { rcode: rcodes.noError, authorities });
    case 'nxdomain-without-soa':
      return fit(query, { rcode: rcodes.nxDomain });
    case 'nodata-without-soa':
      return fit(query, { rcode: rcodes.noError });
    case 'servfail':
      return fit(query, { rcode: rcodes.servFail });
    case 'refused':
      return fit(query, { rcode: rcodes.refused });
    case 'formerr':
      return fit(query, { rcode: rcodes.formErr });
    case 'referral':
      return fit(query, {
        rcode: rcodes.noError,
        authorities: [{ type: 'NS', name: 'com', ttl: 60, data: 'ns.invalid' }],
      });
    case 'drop':
    case 'close':
      return undefined;
    case 'truncate':
      return query.transport === 'tcp' ? normal() : fit(query, { rcode: rcodes.noError, truncated: true });
    case 'malformed':
      return malformed(query);
    case 'wrong-name':
      return fit(
        { ...query, name: `other-${query.name}` },
        fromZone(zone.answer(query.name, query.type, true)),
      );
    case 'wrong-type':
      return fit({ ...query, type: 'TXT' }, fromZone(zone.answer(query.name, query.type, true)));
    case 'wrong-id':
      return fit({ ...query, id: query.id ^ 0xffff }, fromZone(zone.answer(query.name, query.type, true)));
    case 'query-bit': {
      const reply = normal();
      reply.writeUInt8(reply.readUInt8(2) & 0x7f, 2);
      return reply;
    }
  }
}

function fromZone(answer: ZoneAnswer): Reply {
  return {
    rcode: answer.found === 'nxdomain' ? rcodes.nxDomain : rcodes.noError,
    answers: answer.answers,
    authorities: answer.authorities,
  };
}

/** Encodes a reply; one that is too large for its transport becomes an empty one with the TC bit (RFC 2181 9). */
function fit(query: Query, reply: Reply): Buffer {
  const whole = packet(query, reply);
  const limit = query.transport === 'udp' ? query.maxDatagram : maxMessage;
  return whole.length <= limit ? whole : packet(query, { rcode: reply.rcode, truncated: true });
}

function packet(query: Query, reply: Reply): Buffer {
  const truncated = reply.truncated === true ? TRUNCATED_RESPONSE : 0;
  return encode({
    type: 'response',
    id: query.id,
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | truncated | reply.rcode,
    questions: [{ name: query.name, type: query.type, class: 'IN' }],
    answers: [...(reply.answers ?? [])],
    authorities: [...(reply.authorities ?? [])],
  });
}

/** Announces two answers after the question and ends in the middle of the first one's name. */
function malformed(query: Query): Buffer {
  const head = packet(query, { rcode: rcodes.noError });
  head.writeUInt16BE(2, 6);
  return Buffer.concat([head, Buffer.from([0x3f, 0xff, 0x00, 0xc1])]);
}
