import { randomUUID } from 'node:crypto';
import { asOriginDomain, type BackendDomain, type OriginDomain, parseBackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Component } from '#contract/rpc.ts';
import { federationHeaders } from '#contract/rpc-transport.ts';
import {
  checkDates,
  checkPurpose,
  describeCertificate,
  type PeerCertificate,
  type PeerCertificateRules,
} from '../certificates/index.ts';
import type { Discovery, Policy, SrvTarget } from '../faces.ts';
import type { HttpRequest } from '../listener/index.ts';
import type { ForwardedCertificates } from './forwarded-certificate.ts';
import { type InwardTarget, parseTarget } from './target.ts';

/** What came through admission. */
export interface Admission {
  readonly component: Component;
  readonly rpc: string;
  readonly originDomain: OriginDomain;
  readonly requestId: string;
  /** `X-Wire-API-Version` as received. */
  readonly version: string | undefined;
  /** `Crosswire-Delivery-Id` as received. */
  readonly deliveryId: string | undefined;
}

/** Who is at the other end: a remote whose certificate our TLS verified, or an ingress that says so in a header. */
export type Peer =
  | { readonly kind: 'verified'; readonly certificate: PeerCertificate }
  | { readonly kind: 'forwarding' };

export interface AdmissionNeeds {
  readonly policy: Pick<Policy, 'admit'>;
  readonly discovery: Pick<Discovery, 'find'>;
  readonly forwarded: ForwardedCertificates;
  readonly certificateRules: PeerCertificateRules;
  readonly nowMs: () => number;
  /** Told the claimed domain, or undefined for one that the policy denies. */
  readonly onClaim: (domain: BackendDomain | undefined) => void;
}

/**
 * Decides whether a request of a remote backend may reach a component. The checks and their order are those of the
 * reference, federation-api 1.3.2; each has its own label, none falls through, and what is returned is proven.
 *
 * 1. form: path, origin domain, certificate, method, query
 * 2. policy: may the claimed domain talk to us?
 * 3. discovery: which infrastructure domains does its owner's DNS name?
 * 4. certificate: does it carry one of these?
 */
export async function admit(request: HttpRequest, peer: Peer, needs: AdmissionNeeds): Promise<Admission> {
  const target = parseTarget(request.path);
  const claimedDomain = parseOriginDomain(request);
  const certificate = certificateOf(request, peer, needs);
  mustBeInForm(request, target);

  mustBeAllowed(claimedDomain, needs);
  const targets = await needs.discovery.find(claimedDomain);
  mustName(certificate, targets, claimedDomain);

  return {
    component: target.component,
    rpc: target.rpc,
    originDomain: asOriginDomain(claimedDomain),
    requestId: requestIdOf(request),
    version: singleHeader(request, federationHeaders.version),
    deliveryId: singleHeader(request, federationHeaders.deliveryId),
  };
}

/** One header, one domain: a doubled field arrives joined by a comma, which is no domain syntax. */
function parseOriginDomain(request: HttpRequest): BackendDomain {
  const claimed = singleHeader(request, federationHeaders.originDomain);
  if (claimed === undefined) throw refuse('no-origin-domain');
  const domain = parseBackendDomain(claimed);
  if (domain === undefined) {
    const message = `Wire-Origin-Domain is ${quoteHeader(claimed)}, expected one backend domain such as a.example.com`;
    throw refuse('domain-parse-error', { message });
  }
  return domain;
}

/** The certificate, still in date and made for this use: a session may be older than today's truth. */
function certificateOf(request: HttpRequest, peer: Peer, needs: AdmissionNeeds): PeerCertificate {
  const certificate =
    peer.kind === 'verified'
      ? peer.certificate
      : needs.forwarded.read(singleHeader(request, federationHeaders.certificate), request.peerAddress);
  checkDates(certificate, needs.nowMs());
  checkPurpose(certificate, needs.certificateRules);
  return certificate;
}

function mustBeInForm(request: HttpRequest, target: InwardTarget): void {
  if (request.method !== 'POST') {
    const message = `The requested endpoint does not exist: found method ${quoteHeader(request.method)}, expected POST`;
    throw refuse('invalid-endpoint', { message });
  }
  if (target.query !== undefined) {
    throw refuse('invalid-endpoint', { message: 'The requested endpoint does not exist: expected no query' });
  }
  const encoding = singleHeader(request, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    const message = `The content encoding is ${quoteHeader(encoding)}, expected none`;
    throw refuse('unsupported-content-encoding', { message });
  }
}

function mustBeAllowed(claimedDomain: BackendDomain, needs: AdmissionNeeds): void {
  try {
    needs.policy.admit(claimedDomain);
  } catch (error) {
    needs.onClaim(undefined);
    throw error;
  }
  needs.onClaim(claimedDomain);
}

/** Any target will do: a backend may run several ingresses (reference 1.5). */
function mustName(
  certificate: PeerCertificate,
  targets: readonly SrvTarget[],
  claimedDomain: BackendDomain,
): void {
  if (targets.some(({ host }) => certificate.dnsNames.cover(host))) return;
  const expected = targets.map(({ host }) => host).join(' or ');
  throw refuse('authentication-failure', {
    message:
      `none of the domain names match the certificate, errors: ${claimedDomain} is served by ${expected || 'nobody'}; ` +
      `found ${describeCertificate(certificate)}`,
  });
}

const requestIdSyntax = /^[\x21-\x7e]{1,128}$/;

/** The caller's id goes into our logs: only when it is short and printable. */
function requestIdOf(request: HttpRequest): string {
  const given = singleHeader(request, federationHeaders.requestId);
  return given !== undefined && requestIdSyntax.test(given) ? given : randomUUID();
}

function singleHeader(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function quoteHeader(value: string): string {
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
}
