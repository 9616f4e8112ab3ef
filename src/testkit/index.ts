/**
 * Testkit: a federation in a box for tests, demo, benchmarks and `crosswire network`.
 *
 * `network/` runs whole backends as processes, `clients/` speaks to them as Wire clients do, `remote/` plays a remote
 * backend by script, `dns/` and `ca/` are a name server and a certificate authority on loopback, `smtp/` receives
 * mail, `legalhold/` and `service/` play services that others run, `s3/` keeps objects, `postgres/` runs a database. No part
 * of the product imports it.
 */
export * from './ca/index.ts';
export * from './clients/index.ts';
export * from './dns/index.ts';
export * from './legalhold/index.ts';
export * from './network/index.ts';
export * from './postgres/index.ts';
export * from './remote/index.ts';
export * from './s3/index.ts';
export * from './service/index.ts';
export * from './smtp/index.ts';
