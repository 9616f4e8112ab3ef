export { openPostgresServer, type PostgresServer } from './postgres-server.ts';
