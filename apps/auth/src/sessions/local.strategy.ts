import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-local';

import { originOf } from '../audit/origin.js';
import { CredentialsService } from '../users/credentials.service.js';
import type { User } from '../users/user.entity.js';

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
