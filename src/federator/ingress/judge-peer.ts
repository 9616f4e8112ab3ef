import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { Refusal, refuse } from '#contract/refusal.ts';
import {
  checkAuthorities,
  checkDates,
  checkLeaf,
  findTrustPath,
  type PeerCertificate,
  type PeerCertificateRules,
  readCertificate,
  unverified,
} from '../certificates/index.ts';
import type { SentChains } from './sent-chain.ts';

/** Authorities that may stand between a remote's certificate and one of our roots. */
const maxIntermediates = 3;
/** How far a path is followed before that bound is looked at. */
export const searchedIntermediates = 10;

/** Certificates of which the judgement is kept, of either kind. */
const maxKept = 5_000;

/** What is thought of a remote after its handshake. */
export type Judgement =
  | {
      readonly verified: true;
      readonly certificate: PeerCertificate;
      readonly sent: readonly PeerCertificate[];
    }
  | { readonly verified: false; readonly refusal: Refusal };

/**
 * Judges the client certificates of remotes under one generation of the own roots.
 *
 * OpenSSL's verdict and the leaf are part of a TLS session and come back when it is resumed; the rest of the chain does
 * not. So what the full handshake said of a leaf is kept by fingerprint, and a resumed session whose leaf is not
 * known here is refused. Node calls a TLS 1.3 session without any certificate `authorized` when it is resumed, which is
 * why the certificate itself is asked for first.
 */
export class PeerJudge {
  readonly #roots: readonly PeerCertificate[];
  readonly #rules: PeerCertificateRules;
  readonly #chains: SentChains;
  readonly #verified = new Map<string, Judgement>();
  readonly #refused = new Map<string, Judgement>();

  constructor(roots: readonly PeerCertificate[], rules: PeerCertificateRules, chains: SentChains) {
    this.#roots = roots;
    this.#rules = rules;
    this.#chains = chains;
  }

  /** Judges the far end of a finished handshake; never throws for what a remote did. */
  judge(socket: TLSSocket, nowMs: number): Judgement {
    const shown = socket.getPeerX509Certificate();
    try {
      if (shown === undefined) throw noCertificate();
      const resumed = socket.isSessionReused();
      const judgement = resumed
        ? this.#judgeResumed(socket, shown, nowMs)
        : this.#judgeFull(socket, shown, nowMs);
      keep(this.#verified, shown.fingerprint256, judgement);
      return judgement;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const judgement: Judgement = { verified: false, refusal: asUnverified(error) };
      if (shown !== undefined) keep(this.#refused, shown.fingerprint256, judgement);
      return judgement;
    }
  }

  #judgeResumed(socket: TLSSocket, shown: X509Certificate, nowMs: number): Judgement {
    const known = this.#verified.get(shown.fingerprint256);
    if (known?.verified === true) {
      mustSatisfyOpenSsl(socket, known.certificate, this.#rules, nowMs);
      checkDates(known.certificate, nowMs);
      return known;
    }
    const refused = this.#refused.get(shown.fingerprint256);
    if (refused?.verified === false) throw refused.refusal;
    const leaf = readCertificate(shown.raw);
    throw unverified('belongs to a resumed TLS session that is not known any more; connect anew', leaf);
  }

  #judgeFull(socket: TLSSocket, shown: X509Certificate, nowMs: number): Judgement {
    const leaf = readCertificate(shown.raw);
    mustSatisfyOpenSsl(socket, leaf, this.#rules, nowMs);
    checkLeaf(leaf, this.#rules, nowMs);
    const sent = this.#chains.of(socket);
    this.#mustLeadToRoot(socket, leaf, sent, nowMs);
    return { verified: true, certificate: leaf, sent };
  }

  #mustLeadToRoot(
    socket: TLSSocket,
    leaf: PeerCertificate,
    sent: readonly PeerCertificate[],
    nowMs: number,
  ): void {
    const path = findTrustPath(leaf, sent, this.#roots, searchedIntermediates);
    if (path !== undefined) {
      const intermediates = path.length - 2;
      if (intermediates > maxIntermediates) {
        throw unverified(
          `stands below ${intermediates} intermediates, allowed are ${maxIntermediates}`,
          leaf,
        );
      }
      checkAuthorities(path, nowMs);
      return;
    }
    // What Node shows of the chain has gaps (intermediates out of order, no ALPN). OpenSSL saw all of it, and its
    // verdict suffices where it has no exception to make.
    if (socket.authorized) return;
    throw unverified('leads to none of our roots', leaf);
  }
}

/** Of either kind apart, so that refused certificates never push out verified ones. */
function keep(kept: Map<string, Judgement>, fingerprint: string, judgement: Judgement): void {
  const [oldest] = kept.keys();
  if (kept.size >= maxKept && !kept.has(fingerprint) && oldest !== undefined) kept.delete(oldest);
  kept.set(fingerprint, judgement);
}

function noCertificate(): Refusal {
  return refuse('authentication-failure:unverified', {
    message: 'No client certificate was sent, expected one with the infrastructure domain of the remote',
  });
}

/**
 * OpenSSL's verdict on the chain. Its only objection that a switch may overrule is that the certificate is for servers
 * only; since a later objection replaces an earlier one, everything that could hide behind this one (no path to a root,
 * an unknown critical extension) is checked again in `#judge`.
 */
function mustSatisfyOpenSsl(
  socket: TLSSocket,
  leaf: PeerCertificate,
  rules: PeerCertificateRules,
  nowMs: number,
): void {
  if (socket.authorized) return;
  // A string in spite of its declared type: the name of OpenSSL's X509_V_ERR_….
  const code = String(socket.authorizationError);
  if (code === 'INVALID_PURPOSE') {
    if (rules.trustServerOnlyCertificates) return;
    checkLeaf(leaf, rules, nowMs);
  }
  const words = explanations[code];
  throw unverified(words === undefined ? `is refused with ${code}` : `${words} (${code})`, leaf);
}

const explanations: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'or a certificate above it has expired',
  CERT_NOT_YET_VALID: 'or a certificate above it is not valid yet',
  CERT_REVOKED: 'is revoked',
  CRL_HAS_EXPIRED: 'cannot be checked, since the revocation list of its authority is too old',
  UNABLE_TO_GET_CRL: 'cannot be checked, since there is no revocation list of its authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed and not among our roots',
  SELF_SIGNED_CERT_IN_CHAIN: 'comes from a root that is not among ours',
  UNABLE_TO_GET_ISSUER_CERT:
    'comes from an authority that is not among our roots, or an intermediate is missing',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'comes from an authority that is not among our roots, or an intermediate is missing',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'comes from an authority that is not among our roots, or an intermediate is missing',
  CERT_SIGNATURE_FAILURE: 'has a signature that is not by the authority it names',
  INVALID_CA: 'was issued by a certificate that is no authority',
  PATH_LENGTH_EXCEEDED: 'stands below more authorities than one of them allows',
  INVALID_PURPOSE: 'or a certificate above it does not allow client authentication',
};

/** A certificate that cannot even be read is one that does not verify. */
function asUnverified(refusal: Refusal): Refusal {
  if (refusal.key === 'authentication-failure:unverified') return refusal;
  return refuse('authentication-failure:unverified', { message: refusal.message, cause: refusal });
}
