import { isUtf8 } from 'node:buffer';
import { TokenError } from './token-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 64;
const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * Parses a JSON object that all parsers read in the same way (RFC 8725 section 2.4, RFC 8259
 * section 4): valid UTF-8, no member twice in an object, however its name is escaped, no member
 * named `__proto__`, no lone surrogate in any string (RFC 7493 section 2.1), at most 64 levels
 * deep.
 *
 * @throws TokenError `token_invalid`
 */
export function parseJsonObject(bytes: Buffer): JsonObject {
  const value = parse(bytes);
  if (!isJsonObject(value)) throw new TokenError('token_invalid', 'not a JSON object');
  // Duplicate members (threat:duplicate-members): two parsers may use different ones. JSON.parse
  // keeps one of several with the same name, so that there are fewer than were written.
  if (countMembers(value, 1) !== countWrittenMembers(bytes)) {
    throw new TokenError('token_invalid', 'a JSON member is there twice');
  }
  // Identity confusion: encoded as UTF-8, by a hash or a database, all lone surrogates become the
  // same replacement character. Valid UTF-8 has none, so that only an escape can write one.
  if (bytes.includes(BACKSLASH) && !isWellFormed(value)) {
    throw new TokenError('token_invalid', 'a JSON string has a lone surrogate');
  }
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether every string in a JSON value, names too, is well-formed Unicode. */
export function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([name, member]) => isWellFormed(name) && isWellFormed(member),
  );
}

function parse(bytes: Buffer): unknown {
  try {
    // A byte order mark stays in the string, and JSON.parse refuses it.
    if (isUtf8(bytes)) return JSON.parse(bytes.toString());
  } catch {
    // Without the cause, which quotes the text: this error is logged, and tokens must not be.
  }
  throw new TokenError('token_invalid', 'not JSON in UTF-8');
}

function countMembers(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  // Stack exhaustion (threat:stack-exhaustion).
  if (depth > MAX_DEPTH) throw new TokenError('token_invalid', 'JSON is nested too deeply');
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value as unknown[]) count += countMembers(element, depth + 1);
    return count;
  }
  for (const name in value) {
    // Prototype pollution (threat:prototype-pollution): an own property here, but code that copies
    // it by assignment changes a prototype.
    if (name === '__proto__') throw new TokenError('token_invalid', 'a JSON member is __proto__');
    count += 1 + countMembers((value as JsonObject)[name], depth + 1);
  }
  return count;
}

/**
 * In valid JSON each colon outside a string is one member, and in UTF-8 each such byte one colon.
 */
function countWrittenMembers(json: Buffer): number {
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === COLON) count++;
    else if (byte === QUOTE) at = endOfString(json, at);
  }
  return count;
}

function endOfString(json: Buffer, start: number): number {
  let at = start + 1;
  while (json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
