import type { Revocation, RevocationKind } from './revocation.js';
import { RevocationSourceError } from './revocation-source-error.js';
import type { RevocationBatch } from './revocation-source.js';

/** Far beyond what is issued: an odd id is better enforced than a reason to lose the feed. */
const maxTextLength = 1_024;
/** Such a cursor fits into a request line, even with each character percent-encoded. */
const sendableCursor = /^[\x21-\x7e]{1,4096}$/;

/**
 * A batch out of an answer of the feed. One malformed entry spoils the whole: leaving it out would
 * let a revoked token pass, and nobody would know.
 *
 * Members and kinds that this version does not know are left out, so that an issuer may be updated
 * before its services: they concern features that no token has here yet.
 *
 * @throws RevocationSourceError `bad_answer`
 */
export function readBatch(document: unknown): RevocationBatch {
  const { cursor, reset, more, jwks, entries } = members(document, 'the answer');
  if (typeof cursor !== 'string' || !sendableCursor.test(cursor)) {
    throw fault('`cursor` is no text of 1 to 4,096 visible ASCII characters');
  }
  if (typeof reset !== 'boolean') throw fault('`reset` is no boolean');
  if (typeof more !== 'boolean') throw fault('`more` is no boolean');
  if (jwks !== undefined && !isText(jwks, maxTextLength)) throw fault('`jwks` is no fingerprint');
  if (!Array.isArray(entries)) throw fault('`entries` is no array');
  const batch = { cursor, reset, more, entries: readEntries(entries) };
  return jwks === undefined ? batch : { ...batch, jwks };
}

function readEntries(entries: readonly unknown[]): Revocation[] {
  return entries.flatMap((entry, index) => readEntry(entry, `entries[${index}]`) ?? []);
}

function readEntry(entry: unknown, at: string): Revocation | undefined {
  const { kind, id, exp, before } = members(entry, at);
  if (typeof kind !== 'string') throw fault(`\`${at}.kind\` is no text`);
  if (!isKnown(kind)) return undefined;
  if (!isText(id, maxTextLength)) throw fault(`\`${at}.id\` is no text of 1 to 1,024 characters`);
  if (!isWhole(exp)) throw fault(`\`${at}.exp\` is no whole number`);
  if (kind !== 'client') return { kind, id, exp };
  if (!isWhole(before)) throw fault(`\`${at}.before\` is no whole number`);
  return { kind, id, exp, before };
}

function isKnown(kind: string): kind is RevocationKind {
  return kind === 'jti' || kind === 'sid' || kind === 'client' || kind === 'kid';
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function members(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fault(`${name} is no object`);
  }
  return value as Record<string, unknown>;
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxLength;
}

function fault(what: string): RevocationSourceError {
  return new RevocationSourceError('bad_answer', `Not an answer of a revocation feed: ${what}`);
}
