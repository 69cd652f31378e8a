export {
  connectionConfig,
  ConnectionUrlError,
  withDatabase,
  type ConnectionConfig,
} from './connection/connection-url.js';
export {
  isReadOnly,
  prepareSession,
  ServerNotWritableError,
} from './connection/session-settings.js';
export {
  PostgresRevocationSource,
  type PostgresReadOptions,
  type PostgresRevocationSourceOptions,
} from './postgres-revocation-source.js';
export { clusterIdentity } from './feed/connection.js';
export { FeedPosition } from './feed/cursor.js';
export { recordRevocations, RevokedToken } from './revoked-tokens.js';
export { REVOKED_TOKENS_MIGRATIONS } from './revoked-tokens.migrations.js';
