import { Module } from '@nestjs/common';

import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { HealthHistory } from './health-history.js';
import { HealthAdminController } from './health.admin.controller.js';

/** `GET /admin/health`. */
@Module({
  imports: [SessionsModule, UsersModule],
  controllers: [HealthAdminController],
  providers: [HealthHistory],
})
export class HealthHistoryModule {}
