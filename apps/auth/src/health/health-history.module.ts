import { JwtCoreStatistics } from '@jwt-auth/jwt-core';
import { Module } from '@nestjs/common';

import { Clock } from '../clock.js';
import { RefreshService } from '../sessions/refresh.service.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { CredentialsService } from '../users/credentials.service.js';
import { UsersModule } from '../users/users.module.js';
import { HealthHistory } from './health-history.js';
import { HealthAdminController } from './health.admin.controller.js';

/** `GET /admin/health`. */
@Module({
  imports: [SessionsModule, UsersModule],
  controllers: [HealthAdminController],
  providers: [
    {
      provide: HealthHistory,
      inject: [CredentialsService, RefreshService, JwtCoreStatistics, Clock],
      useFactory: (
        login: CredentialsService,
        refreshing: RefreshService,
        jwtCore: JwtCoreStatistics,
        clock: Clock,
      ) =>
        new HealthHistory(
          {
            logins: () => login.outcomes.counts,
            refreshes: () => refreshing.outcomes.counts,
            verdicts: () => jwtCore.verdicts,
            listEntries: () => jwtCore.revocationList.entries,
            onReach: (listener) => jwtCore.onReach(listener),
          },
          clock,
        ),
    },
  ],
})
export class HealthHistoryModule {}
