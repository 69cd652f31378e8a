import { type ServerResponse, STATUS_CODES } from 'node:http';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  type FactoryProvider,
  HttpException,
  Logger,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import { TokenError } from '../verifier/token-error.js';
import {
  type InputFault,
  INTERNAL_ERROR,
  isRefusalCause,
  type Problem,
  problemDocument,
  problemHeaders,
  refusalProblem,
} from '../http/problem.js';
import { problemOfRefusal } from './refusal.js';

/** The HTTP answer for an error of the application itself; `undefined` for any other error. */
export type ProblemOf = (error: unknown) => Problem | undefined;

/** Express' or Fastify's, or node's own where a middleware of Fastify failed. */
type RawResponse = Pick<ServerResponse, 'writableEnded' | 'destroy'> & {
  readonly raw?: ServerResponse;
  send?(body: Buffer): unknown;
};

/**
 * Answers every error as `application/problem+json` (RFC 9457), on Fastify and on Express. An
 * unknown error is logged, and the client gets only `internal_error`.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly ownProblem: ProblemOf = () => undefined,
  ) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    // No HTTP answer is expected there: the error is passed on.
    if (host.getType<string>() === 'rpc') return throwError(() => rpcError(error));
    if (host.getType<string>() !== 'http') return error;
    const refusal = problemOfRefusal(error);
    const problem = refusal ?? this.ownProblem(error) ?? knownProblem(error);
    const [request, response] = host.getArgs<[object, RawResponse]>();
    if (problem.status >= 500 && !refusal && !(error instanceof TokenError)) {
      this.logger.error(error, { requestId: this.requestId(request, response) });
    }
    this.answer(response, problem);
    return undefined;
  }

  private answer(response: RawResponse, problem: Problem): void {
    const { httpAdapter } = this.adapterHost;
    if (httpAdapter.isHeadersSent(response)) {
      // An answer that is half sent would look complete if it merely ended.
      const { raw = response } = response;
      if (!raw.writableEnded) raw.destroy();
      return;
    }
    for (const [name, value] of Object.entries(problemHeaders(problem))) {
      httpAdapter.setHeader(response, name, value);
    }
    const document = problemDocument(problem);
    if (!response.send) return void httpAdapter.reply(response, document, problem.status);
    httpAdapter.status(response, problem.status);
    // As bytes: both frameworks add a charset to anything else, which JSON does not have.
    response.send(Buffer.from(JSON.stringify(document)));
  }

  /** The id that the answer carries, or else Fastify's. */
  private requestId(request: object, response: RawResponse): unknown {
    const answered: unknown = this.adapterHost.httpAdapter.getHeader(response, 'x-request-id');
    return answered ?? ('id' in request ? request.id : undefined);
  }
}

/** What an RpcException is sent as. It is known by its method, as its package may be absent. */
function rpcError(error: unknown): unknown {
  const { getError } = (error ?? {}) as { getError?: (this: unknown) => unknown };
  return typeof getError === 'function' ? getError.call(error) : error;
}

/**
 * The provider that makes an application answer all errors as problems: its own by `ownProblem`,
 * those of tokens, Nest and the framework without it.
 */
export function provideProblems(ownProblem?: ProblemOf): FactoryProvider<ProblemFilter> {
  return {
    provide: APP_FILTER,
    inject: [HttpAdapterHost],
    useFactory: (adapterHost: HttpAdapterHost) => new ProblemFilter(adapterHost, ownProblem),
  };
}

/** The HTTP answer for errors of tokens, access, Nest and the framework; 500 for all others. */
function knownProblem(error: unknown): Problem {
  if (isRefusalCause(error)) return refusalProblem(error);
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
 * What the router says of an address that is not there: a path, or in a request to a proxy a URL.
 */
const NO_ROUTE = /^Cannot [A-Z-]+ \S+$/;

/**
 * Whether the message repeats the request: the router quotes the address, a parser the piece of the
 * body that it could not parse, which may be the password.
 */
function isQuotation(exception: HttpException): boolean {
  const { message, cause } = exception;
  const isOfRouter = exception.getStatus() === 404 && NO_ROUTE.test(message);
  return isOfRouter || (cause instanceof Error && cause.message === message);
}

/** Nest's validation pipes give plain strings, `items.0.quantity: too small`. */
function inputFault(text: string): InputFault {
  const { path = '', message = text } =
    /^(?<path>[\w-]+(?:\.[\w-]+)*): (?<message>.*)$/s.exec(text)?.groups ?? {};
  return { path, message };
}
