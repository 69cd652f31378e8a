import { Injectable, StandardSchemaValidationPipe, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';

import { LoginRequest } from './login.schema.js';
import { OwnPages } from './own-pages.js';

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
    if (login.delivery === 'cookie') this.pages.demandOwnOrNone(request);
    return (await super.canActivate(context)) as boolean;
  }
}
