/**
 * Matching of certificate names (reference federation-api 1.5, RFC 9525 6.3): label by label, without case; a leftmost
 * label that is exactly `*` stands for exactly one label; every other use of `*` is a literal and matches nothing.
 *
 * The host is an infrastructure domain, whose syntax was checked. So names with NUL, empty labels (a trailing dot too),
 * or bytes outside ASCII need no check of their own: they equal no host.
 */

/** The dNSName entries of a certificate, prepared for many comparisons. */
export class DnsNames {
  /** As the certificate writes them. */
  readonly all: readonly string[];
  readonly #exact = new Set<string>();
  /** What follows the `*`, with its dot. */
  readonly #wildcards = new Set<string>();

  constructor(names: readonly string[]) {
    this.all = names;
    for (const name of names) {
      const folded = foldAscii(name);
      if (folded.startsWith('*.')) {
        // `*.com` would cover every organisation of a top-level domain.
        if (folded.includes('.', 2)) this.#wildcards.add(folded.slice(1));
      } else {
        this.#exact.add(folded);
      }
    }
  }

  /** Whether one of the names is this host. */
  cover(host: string): boolean {
    const folded = foldAscii(host);
    if (this.#exact.has(folded)) return true;
    const dot = folded.indexOf('.');
    return dot > 0 && this.#wildcards.has(folded.slice(dot));
  }
}

/** One comparison. */
export function namesMatch(names: readonly string[], host: string): boolean {
  return new DnsNames(names).cover(host);
}

/** `toLowerCase` maps some letters outside ASCII into it (the Kelvin sign becomes k). */
function foldAscii(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
