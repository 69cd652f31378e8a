import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { AccessError } from '../verifier/access.js';
import { TokenError } from '../verifier/token-error.js';
import { type InputFault, INTERNAL_ERROR, type Problem, refusalProblem } from '../http/problem.js';

/** The HTTP answer for errors of tokens, access, Nest and the framework; 500 for all others. */
export function knownProblem(error: unknown): Problem {
  if (error instanceof TokenError || error instanceof AccessError) return refusalProblem(error);
  if (error instanceof HttpException) return httpExceptionProblem(error);
  return INTERNAL_ERROR;
}

const CODES: Readonly<Record<number, string>> = {
  400: 'invalid_input',
  413: 'body_too_large',
  429: 'too_many_attempts',
  500: 'internal_error',
};

/** What Nest, its pipes, its router and the framework below it throw. */
function httpExceptionProblem(exception: HttpException): Problem {
  const status = exception.getStatus();
  const phrase = STATUS_CODES[status] ?? 'unknown';
  return {
    status,
    code: CODES[status] ?? phrase.toLowerCase().replaceAll(/[^a-z]+/g, '_'),
    ...(status < 500 && explain(exception, phrase)),
    // RFC 9110 section 15.5.2: no 401 without a challenge.
    ...(status === 401 && { headers: { 'WWW-Authenticate': 'Bearer' } }),
  };
}

function explain(exception: HttpException, phrase: string): Pick<Problem, 'detail' | 'errors'> {
  const response = exception.getResponse();
  const message: unknown =
    typeof response === 'object' && 'message' in response ? response.message : response;
  if (Array.isArray(message)) return { errors: message.map((fault) => inputFault(String(fault))) };
  if (typeof message !== 'string' || message === phrase) return {};
  return isQuotation(exception) ? {} : { detail: message };
}

/**
 * Whether the message repeats the request: the router quotes the address, a parser the piece of the
 * body that it could not parse, which may be the password.
 */
function isQuotation({ message, cause }: HttpException): boolean {
  return message.startsWith('Cannot ') || (cause instanceof Error && cause.message === message);
}

/** Nest's validation pipes give plain strings, `items.0.quantity: too small`. */
function inputFault(text: string): InputFault {
  const { path = '', message = text } =
    /^(?<path>[\w-]+(?:\.[\w-]+)*): (?<message>.*)$/s.exec(text)?.groups ?? {};
  return { path, message };
}
