import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-local';

import { originOf } from '../audit/origin.js';
import type { KnownUser } from '../users/known-user.js';
import { LoginService } from './login.service.js';

/** Passport's `local`: an e-mail and a password in the body, which `LoginGuard` has validated. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly login: LoginService) {
    super({ usernameField: 'email', passwordField: 'password', passReqToCallback: true });
  }

  validate(request: FastifyRequest, email: string, password: string): Promise<KnownUser> {
    return this.login.authenticate(email, password, originOf(request));
  }
}
