import { isUtf8 } from 'node:buffer';
import { TokenError } from './token-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 64;
const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * Parses a JSON object that everybody reads the same way (RFC 8725 section 2.4, RFC 8259 section 4):
 * valid UTF-8, no member twice in any object however its name is spelt, no member named
 * `__proto__`, at most 64 levels deep.
 *
 * @throws TokenError `token_invalid`
 */
export function parseJsonObject(bytes: Buffer): JsonObject {
  if (!isUtf8(bytes)) throw new TokenError('token_invalid', 'not UTF-8');
  const value = parse(bytes.toString('utf8'));
  if (!isJsonObject(value)) throw new TokenError('token_invalid', 'not a JSON object');
  // JSON.parse keeps one of several members of the same name, so there are fewer than were written.
  if (countMembers(value, 1) !== countWrittenMembers(bytes)) {
    throw new TokenError('token_invalid', 'a JSON member is there twice');
  }
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The cause quotes the text, and errors of this kind are logged: a token never is.
    throw new TokenError('token_invalid', 'not JSON');
  }
}

function countMembers(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > MAX_DEPTH) throw new TokenError('token_invalid', 'JSON is nested too deeply');
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value as unknown[]) count += countMembers(element, depth + 1);
    return count;
  }
  for (const name in value) {
    // An own property here, but whoever copies it by assignment changes a prototype.
    if (name === '__proto__') throw new TokenError('token_invalid', 'a JSON member is __proto__');
    count += 1 + countMembers((value as JsonObject)[name], depth + 1);
  }
  return count;
}

/** In valid JSON each colon outside a string is one member, and in UTF-8 each such byte one colon. */
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
