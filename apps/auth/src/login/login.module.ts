import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';

import { AuditModule } from '../audit/audit.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { LocalStrategy } from './local.strategy.js';
import { LoginLimits } from './login-limits.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { PasswordChanging } from './password-changing.js';

@Module({
  imports: [PassportModule, AuditModule, SessionsModule, UsersModule],
  controllers: [LoginController],
  providers: [LocalStrategy, LoginLimits, LoginService, PasswordChanging],
  exports: [LoginService],
})
export class LoginModule {}
