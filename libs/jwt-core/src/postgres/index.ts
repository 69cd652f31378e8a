export { AddCursorSecret1764000000101 } from './add-cursor-secret.migration.js';
export { AddTokenVersion1764000000100 } from './add-token-version.migration.js';
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
export { CreateRevokedTokens1763856000000 } from './create-revoked-tokens.migration.js';
export {
  PostgresRevocationSource,
  type PostgresReadOptions,
  type PostgresRevocationSourceOptions,
} from './postgres-revocation-source.js';
export { clusterIdentity } from './feed/connection.js';
export { FeedPosition } from './feed/cursor.js';
export { recordRevocations, RevokedToken } from './revoked-tokens.js';
