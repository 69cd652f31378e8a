import { loggedError } from './logged-error.js';

const REDACTED = '[redacted]';

const SECRET_NAME = /(?:password|secret|token|credential|authorization|cookie|e-?mail)s?$/i;

/**
 * Fields as they may stand in a log: no value of a member that is named like a secret or an e-mail,
 * errors without what drivers hang on to them, and no deeper than `depth`.
 */
export function withoutSecrets(value: unknown, depth = 6): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Error) return loggedError(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth === 0) return '[…]';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET_NAME.test(name) ? REDACTED : withoutSecrets(member, depth - 1),
    ]),
  );
}

const CREDENTIALS_IN_URL = /\b([a-z][a-z\d+.-]{0,20}:\/\/)[^\s/@"]{1,256}@/gi;
const AUTHORIZATION = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi;
const JWS = /\beyJ[\w-]*\.[\w-]*\.[\w-]*/g;
const EMAIL = /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/gu;

/**
 * Text without what looks like a token, credentials or an e-mail. The last gate before a line is
 * written, behind code that does not log such things: messages of libraries may.
 */
export function redact(text: string): string {
  let safe = text.replace(AUTHORIZATION, `$1 ${REDACTED}`).replace(JWS, REDACTED);
  // Most lines have neither sign, and these searches would cost as much as writing the line.
  if (safe.includes('://')) safe = safe.replace(CREDENTIALS_IN_URL, `$1${REDACTED}@`);
  if (safe.includes('@')) safe = safe.replace(EMAIL, REDACTED);
  return safe;
}
