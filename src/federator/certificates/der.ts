/**
 * A strict reader of DER (X.690): definite, shortest lengths, single-byte tags, nothing left over. It reads what
 * certificates say beyond `node:crypto`'s own fields; whatever is not DER throws, and the certificate is refused.
 */

export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  /** [2] and so on inside a GeneralName: primitive, context-specific. */
  dnsName: 0x82,
} as const;

/** Every element of a constructed value, in order. */
export function readElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [element, next] = readElementAt(bytes, at);
    elements.push(element);
    at = next;
  }
  return elements;
}

/** The one element that these bytes are to hold, with the tag that it is to have. */
export function readElement(bytes: Buffer, tag: number): Buffer {
  const [element, end] = readElementAt(bytes, 0);
  if (end !== bytes.length) throw new SyntaxError(`${bytes.length - end} bytes follow the element`);
  return contentOf(element, tag);
}

/** The content of an element that must be there and have this tag. */
export function contentOf(element: DerElement | undefined, tag: number): Buffer {
  if (element?.tag !== tag) {
    const found = element === undefined ? 'nothing' : `tag 0x${element.tag.toString(16)}`;
    throw new SyntaxError(`expected tag 0x${tag.toString(16)}, found ${found}`);
  }
  return element.content;
}

/** An object identifier in dotted form. */
export function readOid(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const [index, byte] of content.entries()) {
    if (arc > 0xffff_ffff) throw new SyntaxError('an arc of the object identifier is too large');
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) {
      if (index === content.length - 1) throw new SyntaxError('the object identifier breaks off');
      continue;
    }
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - first * 40);
    } else {
      arcs.push(arc);
    }
    arc = 0;
  }
  if (arcs.length === 0) throw new SyntaxError('the object identifier is empty');
  return arcs.join('.');
}

function readElementAt(bytes: Buffer, at: number): readonly [element: DerElement, next: number] {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw new SyntaxError('an element breaks off');
  if ((tag & 0x1f) === 0x1f) throw new SyntaxError('a tag has several bytes');
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new SyntaxError('a length is indefinite or too large');
    start += count;
    if (start > bytes.length) throw new SyntaxError('a length breaks off');
    length = bytes.readUIntBE(at + 2, count);
    if (length < 0x80 || bytes[at + 2] === 0) throw new SyntaxError('a length is not in its shortest form');
  }
  const end = start + length;
  if (end > bytes.length) throw new SyntaxError('an element is longer than what holds it');
  return [{ tag, content: bytes.subarray(start, end) }, end];
}
