import { Injectable, StandardSchemaValidationPipe, type ExecutionContext } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-local';

import { originOf } from '../audit/origin.js';
import { CredentialsService } from '../users/credentials.service.js';
import type { User } from '../users/user.entity.js';
import { LoginRequest } from './login.schema.js';
import { OwnPages } from './cookie-requests.js';

/** Passport's `local`: an e-mail and a password in the body, which `LoginGuard` has validated. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly credentials: CredentialsService) {
    super({ usernameField: 'email', passwordField: 'password', passReqToCallback: true });
  }

  validate(request: FastifyRequest, email: string, password: string): Promise<User> {
    return this.credentials.authenticate(email, password, originOf(request));
  }
}

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
