import type { ServerResponse } from 'node:http';
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
import { AccessError } from './access-error.js';
import { accessProblem, tokenProblem } from './access-problem.js';
import { httpExceptionProblem } from './http-exception-problem.js';
import { type Problem, problemDocument } from './problem.js';

/** How an application says its own errors. `undefined` for an error that is not its own. */
export type ProblemOf = (error: unknown) => Problem | undefined;

/** Express' or Fastify's, or node's own where a middleware of Fastify failed. */
type HttpResponse = Pick<ServerResponse, 'writableEnded' | 'destroy'> & {
  readonly raw?: ServerResponse;
  send?(body: Buffer): unknown;
};

/**
 * Answers every error as `application/problem+json` (RFC 9457), on Fastify and on Express. An error
 * that nobody knows is logged, and the client learns nothing but `internal_error`.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly ownProblem: ProblemOf = () => undefined,
  ) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    // Nobody waits for an HTTP answer there: the error goes on as it is.
    if (host.getType<string>() === 'rpc') return throwError(() => error);
    if (host.getType<string>() !== 'http') return error;
    const problem = this.ownProblem(error) ?? problemOf(error);
    const [request, response] = host.getArgs<[object, HttpResponse]>();
    if (problem.status >= 500 && !(error instanceof TokenError)) {
      this.logger.error(error, { requestId: this.requestId(request, response) });
    }
    this.answer(response, problem);
    return undefined;
  }

  private answer(response: HttpResponse, problem: Problem): void {
    const { httpAdapter } = this.adapterHost;
    if (httpAdapter.isHeadersSent(response)) {
      // Merely ended, an answer that is half sent would look whole.
      const { raw = response } = response;
      if (!raw.writableEnded) raw.destroy();
      return;
    }
    const headers = { ...problem.headers, 'Content-Type': 'application/problem+json' };
    for (const [name, value] of Object.entries(headers)) {
      httpAdapter.setHeader(response, name, value);
    }
    const document = problemDocument(problem);
    if (!response.send) return void httpAdapter.reply(response, document, problem.status);
    httpAdapter.status(response, problem.status);
    // As bytes: to anything else both frameworks add a charset, which JSON does not have.
    response.send(Buffer.from(JSON.stringify(document)));
  }

  /** What the answer will carry, else what Fastify calls the request. */
  private requestId(request: object, response: HttpResponse): unknown {
    const answered: unknown = this.adapterHost.httpAdapter.getHeader(response, 'x-request-id');
    return answered ?? ('id' in request ? request.id : undefined);
  }
}

/**
 * The provider that makes an application answer all its errors as problems: its own by `ownProblem`,
 * those of tokens, Nest and the framework by themselves.
 */
export function provideProblems(ownProblem?: ProblemOf): FactoryProvider<ProblemFilter> {
  return {
    provide: APP_FILTER,
    inject: [HttpAdapterHost],
    useFactory: (adapterHost: HttpAdapterHost) => new ProblemFilter(adapterHost, ownProblem),
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof TokenError) return tokenProblem(error);
  if (error instanceof AccessError) return accessProblem(error);
  if (error instanceof HttpException) return httpExceptionProblem(error);
  return { status: 500, code: 'internal_error' };
}
