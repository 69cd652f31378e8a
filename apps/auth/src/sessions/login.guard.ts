import { Injectable, StandardSchemaValidationPipe, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';

import { LoginRequest } from './login.schema.js';
import { OwnPages } from './own-pages.js';
import { SessionsError } from './sessions.errors.js';

/** Admits a caller who sends an e-mail and its password, as `request.user`. */
@Injectable()
export class LoginGuard extends AuthGuard('local') {
  private readonly validation = new StandardSchemaValidationPipe();

  constructor(private readonly pages: OwnPages) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    // Pipes run after guards; and passport would look for credentials in the query as well.
    const login = (await this.validation.transform<unknown>(request.body, {
      type: 'body',
      schema: LoginRequest,
    })) as LoginRequest;
    request.body = login;
    this.demandOwnPage(request, login);
    return (await super.canActivate(context)) as boolean;
  }

  /**
   * Login CSRF (threat:login-csrf): another page that logs its visitors in as the attacker would read
   * what they then do. A caller that is no page has no visitors.
   *
   * @throws SessionsError `cross_site_request`
   */
  private demandOwnPage(request: FastifyRequest, { delivery }: LoginRequest): void {
    if (delivery !== 'cookie' || this.pages.kindOf(request) !== 'foreign') return;
    throw new SessionsError('cross_site_request', 'A foreign page asked for a cookie');
  }
}
