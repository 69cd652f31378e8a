import { ProblemFilter, type ProblemOf } from '@jwt-auth/jwt-core';
import { Catch, Logger, type ArgumentsHost, type FactoryProvider } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { isOAuthRoute } from './oauth/forms.js';
import { oauthErrorOf } from './oauth/oauth.errors.js';

/**
 * Answers every error under /oauth/ in the form of RFC 6749, those of parsers and unknown ones too,
 * and every other one as a problem.
 */
@Catch()
class ErrorFilter extends ProblemFilter {
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
