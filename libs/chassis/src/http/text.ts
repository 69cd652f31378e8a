import { BadRequestException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/**
 * Whether a string has no lone surrogate and no NUL. All lone surrogates become the same replacement
 * character in UTF-8, so different strings would be equal in a hash or in Postgres, which also
 * refuses NUL.
 */
export function isText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

/** Whether the percent-encoded bytes of a form or query are UTF-8. */
export function isPercentEncodedUtf8(form: string): boolean {
  try {
    // Any other percent sign is a literal one (WHATWG URL section 1.3).
    decodeURIComponent(form.replaceAll(/%(?![\da-f]{2})/gi, '%25'));
    return true;
  } catch {
    return false;
  }
}

/** Refuses control characters, line breaks among them, and lone surrogates. */
export const oneLine = z.regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'expected no control characters');

/** Text on one line, as of a name, without the white space around it. */
export const line = (max: number) => z.string().trim().max(max).check(oneLine);

/**
 * A UUID from a caller, in any case. From here on it has one spelling, lower case (RFC 9562 section
 * 4), so that it can be compared, stored and published as text.
 */
export const Uuid = z.uuid().toLowerCase();

/** The one spelling of a UUID, or `undefined` for text that is none. */
export function toUuid(text: string): string | undefined {
  return Uuid.safeParse(text).data;
}

/** The id of a subject, client, session or token, of this issuer or of another one. */
export const Identifier = z
  .string()
  .min(1)
  .max(255)
  .check(oneLine)
  .overwrite((id) => toUuid(id) ?? id);

/** Recursive code can read a body of this depth. */
const MAX_DEPTH = 64;

const NO_TEXT = 'must not contain a lone surrogate or NUL';
const TOO_DEEP = 'is nested too deeply';

/** Refuses requests with strings that are no text in their path, query, form or JSON body. */
export function refuseWhatIsNoText(server: FastifyInstance): void {
  server.addHook('preValidation', ({ params, query, body, routeOptions }, _reply, done) => {
    const form = body instanceof URLSearchParams ? Object.fromEntries(body) : body;
    const checkedQuery = routeOptions.config.takesAnyQuery ? {} : query;
    const fault = faultOf(params) ?? faultOf(checkedQuery) ?? faultOf(form);
    if (fault === undefined) done();
    else done(new BadRequestException([fault]));
  });
}

/** The first fault of a value, after the path of the member that has it. */
function faultOf(value: unknown, path: readonly string[] = []): string | undefined {
  if (typeof value === 'string') return isText(value) ? undefined : faultAt(path, NO_TEXT);
  if (typeof value !== 'object' || value === null) return undefined;
  if (path.length > MAX_DEPTH) return faultAt(path.slice(0, 1), TOO_DEEP);
  for (const [name, member] of Object.entries(value)) {
    if (!isText(name)) return faultAt(path, `the name of a member ${NO_TEXT}`);
    const fault = faultOf(member, [...path, name]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** In the format of the validation pipe, which the problem filter parses. */
function faultAt(path: readonly string[], message: string): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}
