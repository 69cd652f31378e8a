import type { MigrationInterface } from 'typeorm';
import { AddCursorSecret1764000000101 } from './add-cursor-secret.migration.js';
import { AddTokenVersion1764000000100 } from './add-token-version.migration.js';
import { CreateRevokedTokens1763856000000 } from './create-revoked-tokens.migration.js';

/** All that make the table of revocations what this release needs. */
export const REVOKED_TOKENS_MIGRATIONS: readonly (new () => MigrationInterface)[] = [
  CreateRevokedTokens1763856000000,
  AddTokenVersion1764000000100,
  AddCursorSecret1764000000101,
];
