import { type KeyPackage, readKeyPackage } from './key-package.ts';
import { type Extension, type LeafNode, readExtensions, readLeafNode } from './leaf-node.ts';
import { MlsDecodeError, type Reader } from './reader.ts';

/** What a member, or the backend, wants to be done with a group (RFC 9420 section 12.1). */
export type Proposal =
  | { readonly type: 'add'; readonly keyPackage: KeyPackage }
  | { readonly type: 'update'; readonly leaf: LeafNode }
  | { readonly type: 'remove'; readonly leafIndex: number }
  | { readonly type: 'external-init' }
  | { readonly type: 'group-context-extensions'; readonly extensions: readonly Extension[] }
  | { readonly type: 'psk' }
  | { readonly type: 'reinit' };

export const removeProposalType = 3;

export function readProposal(reader: Reader): Proposal {
  const at = reader.position;
  const type = reader.uint16();
  switch (type) {
    case 1:
      return { type: 'add', keyPackage: readKeyPackage(reader) };
    case 2:
      return { type: 'update', leaf: readLeafNode(reader) };
    case removeProposalType:
      return { type: 'remove', leafIndex: reader.uint32() };
    case 4:
      readPreSharedKeyId(reader);
      return { type: 'psk' };
    case 5:
      reader.opaque();
      reader.uint16();
      reader.uint16();
      readExtensions(reader);
      return { type: 'reinit' };
    case 6:
      reader.opaque();
      return { type: 'external-init' };
    case 7:
      return { type: 'group-context-extensions', extensions: readExtensions(reader) };
    default:
      throw new MlsDecodeError(`found proposal type ${type} at ${at}, expected 1 to 7`);
  }
}

/** RFC 9420 section 8.4. */
function readPreSharedKeyId(reader: Reader): void {
  const at = reader.position;
  const type = reader.uint8();
  if (type === 1) reader.opaque();
  else if (type === 2) {
    reader.uint8();
    reader.opaque();
    reader.uint64();
  } else throw new MlsDecodeError(`found pre-shared key type ${type} at ${at}, expected 1 or 2`);
  reader.opaque();
}

/** A commit names each proposal by value or by reference (RFC 9420 section 12.4). */
export type ProposalOrReference =
  | { readonly by: 'value'; readonly proposal: Proposal }
  | { readonly by: 'reference'; readonly reference: Uint8Array };

export interface Commit {
  readonly proposals: readonly ProposalOrReference[];
  /** The committer's new leaf, if the commit has a path. */
  readonly pathLeaf: LeafNode | undefined;
}

export function readCommit(reader: Reader): Commit {
  const proposals = reader.list(readProposalOrReference);
  const pathLeaf = reader.optional((inside) => {
    const leaf = readLeafNode(inside);
    inside.list((nodes) => {
      nodes.opaque();
      nodes.list((secrets) => {
        secrets.opaque();
        secrets.opaque();
      });
    });
    return leaf;
  });
  return { proposals, pathLeaf };
}

function readProposalOrReference(reader: Reader): ProposalOrReference {
  const at = reader.position;
  const type = reader.uint8();
  if (type === 1) return { by: 'value', proposal: readProposal(reader) };
  if (type === 2) return { by: 'reference', reference: reader.opaque() };
  throw new MlsDecodeError(`found ${type} at ${at}, expected 1 (proposal) or 2 (reference)`);
}
