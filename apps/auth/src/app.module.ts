import {
  databaseReadiness,
  HealthModule,
  RetentionModule,
  serviceProblem,
} from '@jwt-auth/chassis';
import { JwtCoreModule, JwtCoreReadiness } from '@jwt-auth/jwt-core';
import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AdminModule } from './admin/admin.module.js';
import { clientsProblem } from './clients/clients.errors.js';
import { Clock } from './clock.js';
import { Config } from './config.js';
import { CoreModule } from './core.module.js';
import { DatabaseModule } from './database/database.module.js';
import { KeyRing } from './keys/key-ring.js';
import { keysProblem } from './keys/keys.errors.js';
import { KeysModule } from './keys/keys.module.js';
import { AuthMetricsModule } from './metrics/auth-metrics.module.js';
import { provideErrorFilter } from './oauth/oauth-errors.filter.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { EXPIRED_ROWS } from './retention/expired-rows.js';
import { RevocationsModule } from './revocations/revocations.module.js';
import { sessionsProblem } from './sessions/sessions-error.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { ReferenceTokens } from './tokens/reference-tokens.js';
import { TokensModule } from './tokens/tokens.module.js';
import { usersProblem } from './users/users.errors.js';
import { UsersModule } from './users/users.module.js';

@Module({
  imports: [
    DatabaseModule,
    JwtCoreModule.forRootAsync({
      imports: [KeysModule, RevocationsModule, TokensModule],
      inject: [Config, KeyRing, PostgresRevocationSource, ReferenceTokens],
      useFactory: (
        config: Config,
        keySet: KeyRing,
        revocationSource: PostgresRevocationSource,
        referenceTokens: ReferenceTokens,
      ) => ({
        issuer: config.issuer,
        audience: config.audience,
        maxStalenessSeconds: config.revocationMaxStalenessMs / 1000,
        clockToleranceSeconds: config.clockToleranceMs / 1000,
        keySet,
        revocationSource,
        referenceTokens,
      }),
    }),
    HealthModule.forRootAsync({
      imports: [KeysModule],
      inject: [DataSource, JwtCoreReadiness, KeyRing],
      useFactory: (dataSource: DataSource, jwtCore: JwtCoreReadiness, keys: KeyRing) => ({
        checks: [
          databaseReadiness(dataSource),
          ...jwtCore.checks,
          { name: 'signing key', check: () => (keys.canSign ? undefined : 'unreadable') },
        ],
      }),
    }),
    AdminModule,
    KeysModule,
    AuthMetricsModule,
    OAuthModule,
    RetentionModule.forRoot({ rows: EXPIRED_ROWS }),
    RevocationsModule,
    SessionsModule,
    UsersModule,
  ],
  providers: [
    provideErrorFilter(usersProblem, sessionsProblem, clientsProblem, keysProblem, serviceProblem),
  ],
})
export class AppModule {
  static with(config: Config, clock = new Clock()): DynamicModule {
    return { module: AppModule, imports: [CoreModule.with(config, clock)] };
  }
}
