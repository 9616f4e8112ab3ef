import { type LeafNode, readExtensions, readLeafNode } from './leaf-node.ts';
import { decodeWhole, type Reader } from './reader.ts';

/** What a client leaves at its backend so that others can add it to groups (RFC 9420 section 10). */
export interface KeyPackage {
  /** 1 is MLS 1.0. */
  readonly version: number;
  readonly suite: number;
  readonly leaf: LeafNode;
  readonly signature: Uint8Array;
  /** The bytes that are signed. */
  readonly signed: Uint8Array;
  /** All of it, without an MLSMessage around. */
  readonly bytes: Uint8Array;
}

/** @throws MlsDecodeError also when bytes follow */
export function parseKeyPackage(bytes: Uint8Array): KeyPackage {
  return decodeWhole(bytes, readKeyPackage);
}

export function readKeyPackage(reader: Reader): KeyPackage {
  const start = reader.position;
  const version = reader.uint16();
  const suite = reader.uint16();
  reader.opaque();
  const leaf = readLeafNode(reader);
  readExtensions(reader);
  const signed = reader.since(start);
  const signature = reader.opaque();
  return { version, suite, leaf, signature, signed, bytes: reader.since(start) };
}
