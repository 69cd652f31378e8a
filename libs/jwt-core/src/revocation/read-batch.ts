import { REVOCATION_KINDS, type Revocation, type RevocationKind } from './revocation.js';
import {
  MAX_CURSOR_LENGTH,
  RevocationSourceError,
  type RevocationBatch,
} from './revocation-source.js';

/** Far beyond what is issued: an odd id is better enforced than a reason to lose the feed. */
const MAX_TEXT_LENGTH = 1_024;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/**
 * A batch out of an answer of the feed. Feed tampering (threat:feed-tampering): one malformed entry
 * spoils the whole, as leaving it out would silently accept a revoked token.
 *
 * Members and kinds that this version does not know are left out, so that an issuer may be updated
 * before its services: they concern features that no token has here yet.
 *
 * @throws RevocationSourceError `bad_answer`
 */
export function readBatch(document: unknown): RevocationBatch {
  if (!isObject(document)) throw fault('it is no object');
  const { cursor, reset, more, jwks, ageMs, expiredBefore, entries } = document;
  if (!isCursor(cursor)) {
    throw fault(`\`cursor\` is no text of 1 to ${MAX_CURSOR_LENGTH} visible ASCII characters`);
  }
  if (typeof reset !== 'boolean') throw fault('`reset` is no boolean');
  if (typeof more !== 'boolean') throw fault('`more` is no boolean');
  if (jwks !== undefined && !isIdentifier(jwks)) throw fault('`jwks` is no fingerprint');
  if (expiredBefore !== undefined && !isWhole(expiredBefore)) {
    throw fault('`expiredBefore` is no whole number');
  }
  if (!Array.isArray(entries)) throw fault('`entries` is no array');
  return {
    cursor,
    reset,
    more,
    ...(jwks !== undefined && { jwks }),
    // Only for measurements: a wrong age is no reason to lose the feed.
    ...(isAge(ageMs) && { ageMs }),
    ...(expiredBefore !== undefined && { expiredBefore }),
    entries: readEntries(entries),
  };
}

function readEntries(entries: readonly unknown[]): Revocation[] {
  const known: Revocation[] = [];
  entries.forEach((entry, index) => {
    const read = readEntry(entry, index);
    if (read !== undefined) known.push(read);
  });
  return known;
}

function readEntry(entry: unknown, index: number): Revocation | undefined {
  // Put together only when it is thrown, as a page has thousands of entries.
  const fail = (what: string) => fault(`entries[${index}] ${what}`);
  if (!isObject(entry)) throw fail('is no object');
  const { kind, id, exp, before, tokenVersion } = entry;
  if (typeof kind !== 'string') throw fail('has no kind');
  if (!isKnown(kind)) return undefined;
  if (!isIdentifier(id)) throw fail('has no id of 1 to 1,024 characters');
  if (!isWhole(exp)) throw fail('has no whole `exp`');
  if (kind !== 'client') return { kind, id, exp };
  const isNumbered = tokenVersion !== undefined;
  if (isNumbered && !isWhole(tokenVersion)) throw fail('has no whole `tokenVersion`');
  const isDated = before !== undefined || !isNumbered;
  if (isDated && !isWhole(before)) throw fail('has no whole `before`');
  return { kind, id, exp, ...(isDated && { before }), ...(isNumbered && { tokenVersion }) };
}

function isKnown(kind: string): kind is RevocationKind {
  return (REVOCATION_KINDS as readonly string[]).includes(kind);
}

function isCursor(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= MAX_CURSOR_LENGTH && VISIBLE_ASCII.test(value)
  );
}

function isAge(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIdentifier(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_TEXT_LENGTH &&
    // Two ids that differ only in lone surrogates would have one hash.
    value.isWellFormed()
  );
}

function fault(what: string): RevocationSourceError {
  return new RevocationSourceError('bad_answer', `Not an answer of a revocation feed: ${what}`);
}
