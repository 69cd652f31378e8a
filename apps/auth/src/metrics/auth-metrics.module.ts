import { databasePoolMetrics, jwtCoreMetrics, MetricsModule } from '@jwt-auth/chassis';
import { JwtCoreStatistics } from '@jwt-auth/jwt-core';
import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { DataSource } from 'typeorm';

import { Config } from '../config.js';
import { KeyRing } from '../keys/key-ring.js';
import { KeysModule } from '../keys/keys.module.js';
import { CredentialsService } from '../users/credentials.service.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { RefreshService } from '../sessions/refresh.service.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { UsersModule } from '../users/users.module.js';
import { feedMetrics, keyMetrics, loginMetrics, refreshMetrics } from './auth-metrics.js';

/** Everything that auth tells its operators, where `AUTH_METRICS_PORT` asks for it. */
export const AuthMetricsModule = MetricsModule.forRootAsync({
  imports: [KeysModule, RevocationsModule, SessionsModule, UsersModule],
  inject: [
    Config,
    DataSource,
    JwtCoreStatistics,
    KeyRing,
    CredentialsService,
    PasswordHasher,
    PostgresRevocationSource,
    RefreshService,
  ],
  useFactory: (
    config: Config,
    dataSource: DataSource,
    jwtCore: JwtCoreStatistics,
    keys: KeyRing,
    login: CredentialsService,
    hasher: PasswordHasher,
    feed: PostgresRevocationSource,
    refreshing: RefreshService,
  ) => ({
    address: config.metricsAddress,
    sources: [
      databasePoolMetrics(dataSource),
      jwtCoreMetrics(jwtCore),
      keyMetrics(keys),
      loginMetrics(login, hasher),
      feedMetrics(feed),
      refreshMetrics(refreshing),
    ],
  }),
});
