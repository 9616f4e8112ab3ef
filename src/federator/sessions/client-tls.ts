import type { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsMaterial } from '../faces.ts';

/** Ciphers of the federation API, TLS 1.3 and 1.2 (reference 1.4). */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':');

/** What resumes a TLS session, with the certificate that the full handshake showed: a resumed one shows none. */
export interface Ticket {
  readonly session: Buffer;
  readonly certificate: X509Certificate;
}

/**
 * TLS as this backend calls others: context of one generation of the certificate files, and the tickets of sessions
 * that passed every check under it. Tickets are kept per target, so that what proved one name never resumes another.
 */
export class ClientTls {
  readonly generation: number;
  readonly context: SecureContext;
  readonly #tickets = new Map<string, Ticket>();

  constructor(material: TlsMaterial) {
    this.generation = material.generation;
    this.context = createSecureContext({
      cert: material.certificate,
      key: material.key,
      ca: material.ca,
      ...(material.crl === undefined ? {} : { crl: material.crl }),
      ciphers,
      minVersion: 'TLSv1.2',
    });
  }

  ticket(target: string): Ticket | undefined {
    return this.#tickets.get(target);
  }

  keepTicket(target: string, ticket: Ticket): void {
    this.#tickets.delete(target);
    this.#tickets.set(target, ticket);
    const [oldest] = this.#tickets.keys();
    if (this.#tickets.size > maxTickets && oldest !== undefined) this.#tickets.delete(oldest);
  }

  dropTicket(target: string): void {
    this.#tickets.delete(target);
  }
}

/** One a target; a ticket is a few kilobytes. */
const maxTickets = 1_000;
