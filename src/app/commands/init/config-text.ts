import type { BackendDomain, InfrastructureDomain } from '#contract/ids.ts';

/** What `init` was told. */
export interface Answers {
  readonly domain: BackendDomain;
  readonly infrastructureDomain: InfrastructureDomain;
  readonly strategy: string;
  readonly address: string | undefined;
  readonly ingressPort: number;
  readonly clientPort: number;
}

/** A configuration file to start from: what an operator is likely to change, with a word on each. */
export function configText(answers: Answers): string {
  return `# Crosswire. Every setting: docs/config.md. What is left out has a default.
domain: ${answers.domain} # part of every identifier, cannot change later
infrastructureDomain: ${answers.infrastructureDomain} # what the certificate says
listen:
  client: { host: 127.0.0.1, port: ${answers.clientPort} } # clients; put a reverse proxy with TLS in front
  internal: { host: 127.0.0.1, port: 8090 } # operations; never reachable from outside
  ingress: { host: 0.0.0.0, port: ${answers.ingressPort} } # remote federators, mutual TLS
federation:
  strategy: ${answers.strategy} # allowNone | allowDynamic | allowAll
  certificate: tls/cert.pem
  key: tls/key.pem
  ca: tls/ca.pem # roots that are trusted for remotes
storage: { url: "sqlite:data/crosswire.db" }
mail: { log: true } # or smtp: "smtp://…"
`;
}
