export { DevStackError, type DevStackErrorCode } from './dev-stack-error.js';
export { PostgresServer } from './postgres/postgres-server.js';
export { startPostgres, type PostgresOptions } from './postgres/start-postgres.js';
