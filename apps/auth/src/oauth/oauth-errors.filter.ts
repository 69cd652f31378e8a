import { serviceProblem } from '@jwt-auth/chassis';
import { ProblemFilter, TokenError, type ProblemOf } from '@jwt-auth/jwt-core';
import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type FactoryProvider,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { SessionsError } from '../sessions/sessions-error.js';
import { isOAuthRoute } from './forms.js';
import { OAuthError } from './oauth-error.js';

/**
 * Answers every error under /oauth/ in the form of RFC 6749, those of parsers and unknown ones too,
 * and every other one as a problem.
 */
@Catch()
export class ErrorFilter extends ProblemFilter {
  private readonly oauthLogger = new Logger(ErrorFilter.name);

  override catch(error: unknown, host: ArgumentsHost): unknown {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (!isOAuthRoute(request) || reply.sent) return super.catch(error, host);
    const { code, message, status, headers } = oauthErrorOf(error);
    if (code === 'server_error') this.oauthLogger.error(error, { requestId: request.id });
    void reply
      .status(status)
      .headers({ ...headers, 'cache-control': 'no-store', pragma: 'no-cache' })
      .send({ error: code, error_description: message });
    return undefined;
  }
}

/**
 * The filter of all errors of the app.
 *
 * @param problemsOf one function for each domain: the first that knows an error answers it
 */
export function provideErrorFilter(...problemsOf: readonly ProblemOf[]): FactoryProvider {
  const problemOf: ProblemOf = (error) => {
    for (const problemOfDomain of problemsOf) {
      const problem = problemOfDomain(error);
      if (problem) return problem;
    }
    return undefined;
  };
  return {
    provide: APP_FILTER,
    inject: [HttpAdapterHost],
    useFactory: (adapterHost: HttpAdapterHost) => new ErrorFilter(adapterHost, problemOf),
  };
}

function oauthErrorOf(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof SessionsError) {
    if (error.code === 'scope_exceeded') return new OAuthError('invalid_scope', error.message);
    return new OAuthError('invalid_grant', 'The refresh token is invalid, expired or used');
  }
  if (error instanceof HttpException && error.getStatus() < 500) {
    const status = error.getStatus();
    return new OAuthError('invalid_request', 'The request is not one of this endpoint', { status });
  }
  const problem = serviceProblem(error);
  if (problem?.status === 400) return new OAuthError('invalid_request', 'The body was cut off');
  // A token error that came this far is of the issuer's own making: it cannot know just now.
  if (problem || error instanceof TokenError) {
    const headers = problem?.headers ?? { 'Retry-After': '1' };
    return new OAuthError('temporarily_unavailable', 'Try again in a moment', { headers });
  }
  return new OAuthError('server_error', 'Something went wrong');
}
