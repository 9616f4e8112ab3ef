import { createHash, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bitString, boolean, context, integer, octetString, oid, sequence } from './der.ts';

/** An extension in any state of sense: its value is the DER that goes into the octet string. */
export interface CertificateExtension {
  readonly oid: string;
  readonly critical?: boolean;
  readonly value: Uint8Array;
}

/** Purposes by their name in RFC 5280 4.2.1.12. */
export const purposes = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
} as const;
export type Purpose = keyof typeof purposes;

const keyUsageBits = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;
export type KeyUsage = keyof typeof keyUsageBits;

/** A subject alternative name. A DNS name is written byte for byte, whatever is in it. */
export type AlternativeName =
  | { readonly dns: string }
  | { readonly uri: string }
  | { readonly email: string }
  | { readonly ip: string };

export interface NameConstraints {
  /** DNS subtrees. */
  readonly permitted?: readonly string[];
  readonly excluded?: readonly string[];
}

export function encodeExtension(extension: CertificateExtension): Buffer {
  return sequence(
    oid(extension.oid),
    ...(extension.critical === true ? [boolean(true)] : []),
    octetString(extension.value),
  );
}

export function basicConstraints(authority: boolean, pathLength?: number): CertificateExtension {
  const members = authority ? [boolean(true)] : [];
  if (pathLength !== undefined) members.push(integer(pathLength));
  return { oid: '2.5.29.19', critical: true, value: sequence(...members) };
}

export function keyUsage(usages: readonly KeyUsage[]): CertificateExtension {
  let bits = 0;
  for (const usage of usages) bits |= 0x80 >> keyUsageBits[usage];
  return { oid: '2.5.29.15', critical: true, value: bitString(Buffer.of(bits), trailingZeros(bits)) };
}

function trailingZeros(byte: number): number {
  for (let count = 0; count < 8; count++) if ((byte >> count) & 1) return count;
  return 0;
}

export function extendedKeyUsage(wanted: readonly Purpose[]): CertificateExtension {
  return { oid: '2.5.29.37', value: sequence(...wanted.map((purpose) => oid(purposes[purpose]))) };
}

export function subjectAlternativeName(names: readonly AlternativeName[]): CertificateExtension {
  return { oid: '2.5.29.17', value: sequence(...names.map(encodeAlternativeName)) };
}

function encodeAlternativeName(name: AlternativeName): Buffer {
  if ('dns' in name) return context(2, 'primitive', Buffer.from(name.dns, 'utf8'));
  if ('uri' in name) return context(6, 'primitive', Buffer.from(name.uri, 'utf8'));
  if ('email' in name) return context(1, 'primitive', Buffer.from(name.email, 'utf8'));
  if (!isIPv4(name.ip)) throw new TypeError(`only IPv4 addresses are written, found ${name.ip}`);
  return context(7, 'primitive', Buffer.from(name.ip.split('.').map(Number)));
}

export function nameConstraints(constraints: NameConstraints): CertificateExtension {
  const subtrees = (tag: number, names: readonly string[] | undefined) =>
    names === undefined
      ? []
      : [context(tag, 'constructed', ...names.map((name) => sequence(encodeAlternativeName({ dns: name }))))];
  return {
    oid: '2.5.29.30',
    critical: true,
    value: sequence(...subtrees(0, constraints.permitted), ...subtrees(1, constraints.excluded)),
  };
}

/** SHA-1 of the key's bytes, the usual key identifier (RFC 5280 4.2.1.2). */
export function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest();
}

export function subjectKeyIdentifier(identifier: Uint8Array): CertificateExtension {
  return { oid: '2.5.29.14', value: octetString(identifier) };
}

export function authorityKeyIdentifier(identifier: Uint8Array): CertificateExtension {
  return { oid: '2.5.29.35', value: sequence(context(0, 'primitive', identifier)) };
}
