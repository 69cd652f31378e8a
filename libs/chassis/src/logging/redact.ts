const REDACTED = '[redacted]';

const SECRET_NAME = /(?:password|secret|token|credential|authorization|cookie|e-?mail)s?$/i;

/**
 * Fields that may be logged: without values of members that are named like a secret or an e-mail,
 * with errors reduced by `loggedError`, and no deeper than `depth`.
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

/** An error in a log line. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/**
 * The parts of an error that may be logged: its name, message, code, stack and causes, and nothing
 * else. Errors of database drivers carry the query's parameters: password hashes and e-mails.
 */
export function loggedError(error: unknown, { withStack = true, depth = 5 } = {}): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    ...(withStack && error.stack && { stack: error.stack }),
    ...(error.cause !== undefined &&
      depth > 1 && {
        cause: loggedError(error.cause, { withStack, depth: depth - 1 }),
      }),
  };
}

const CREDENTIALS_IN_URL = /\b([a-z][a-z\d+.-]{0,20}:\/\/)[^\s/@"]{1,256}@/gi;
const AUTHORIZATION = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi;
const JWS = /\beyJ[\w-]*\.[\w-]*\.[\w-]*/g;
const EMAIL = /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/gu;

/**
 * Text without what looks like a token, credentials or an e-mail. The last check before a line is
 * written: this code logs no such things, but messages of libraries may contain them.
 */
export function redact(text: string): string {
  let safe = text.replace(AUTHORIZATION, `$1 ${REDACTED}`).replace(JWS, REDACTED);
  // Most lines contain neither, and these searches cost as much as writing the line.
  if (safe.includes('://')) safe = safe.replace(CREDENTIALS_IN_URL, `$1${REDACTED}@`);
  if (safe.includes('@')) safe = safe.replace(EMAIL, REDACTED);
  return safe;
}
