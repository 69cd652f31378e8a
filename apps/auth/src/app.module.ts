import {
  buildMetrics,
  databasePoolMetrics,
  databaseReadiness,
  HealthModule,
  jwtCoreMetrics,
  MetricsModule,
  RetentionModule,
  serviceProblem,
  type StartProgress,
} from '@jwt-auth/chassis';
import { JwtCoreModule, JwtCoreReadiness, JwtCoreStatistics } from '@jwt-auth/jwt-core';
import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { accountsProblem } from './accounts/accounts.errors.js';
import { AccountsModule } from './accounts/accounts.module.js';
import { accessModelProblem } from './access/access.errors.js';
import { AccessModule } from './access/access.module.js';
import { clientsProblem } from './clients/clients.errors.js';
import { Clock } from './clock.js';
import { Config } from './config.js';
import { CoreModule } from './core.module.js';
import { DatabaseModule } from './database/database.module.js';
import { provideErrorFilter } from './error.filter.js';
import { factorsProblem } from './factors/factors.errors.js';
import { FactorsModule } from './factors/factors.module.js';
import { SecondFactors } from './factors/second-factors.js';
import { HealthHistoryModule } from './health/health-history.module.js';
import { KeyRing } from './keys/key-ring.js';
import { keysProblem } from './keys/keys.errors.js';
import { keyMetrics } from './keys/keys.metrics.js';
import { KeysModule } from './keys/keys.module.js';
import { mailMetrics } from './mail/mail.metrics.js';
import { MailModule } from './mail/mail.module.js';
import { MailSender } from './mail/mail-sender.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { outcomeMetrics } from './outcomes.js';
import { EXPIRED_ROWS } from './retention/expired-rows.js';
import { receiptMetrics } from './receipts/receipts.metrics.js';
import { ReceiptsModule } from './receipts/receipts.module.js';
import { ReceiptsService } from './receipts/receipts.service.js';
import { feedMetrics } from './revocations/revocations.metrics.js';
import { RevocationsModule } from './revocations/revocations.module.js';
import { RefreshService } from './sessions/refresh.service.js';
import { sessionsProblem } from './sessions/sessions.errors.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { ReferenceTokens } from './tokens/reference-tokens.js';
import { TokensModule } from './tokens/tokens.module.js';
import { BreachedPasswords } from './users/breached-passwords.js';
import { CredentialsService } from './users/credentials.service.js';
import { PasswordHasher } from './users/password-hasher.js';
import { usersProblem } from './users/users.errors.js';
import { loginMetrics } from './users/users.metrics.js';
import { UsersModule } from './users/users.module.js';

@Module({
  imports: [
    JwtCoreModule.forRootAsync({
      imports: [KeysModule, RevocationsModule, TokensModule],
      inject: [Config, KeyRing, PostgresRevocationSource, ReferenceTokens],
      useFactory: (
        config: Config,
        keySet: KeyRing,
        revocations: PostgresRevocationSource,
        referenceTokens: ReferenceTokens,
      ) => ({
        issuer: config.issuer,
        audience: config.ownAudiences,
        maxStalenessSeconds: config.revocationMaxStalenessMs / 1000,
        clockToleranceSeconds: config.clockToleranceMs / 1000,
        keySet,
        revocations,
        referenceTokens,
      }),
    }),
    HealthModule.forRootAsync({
      imports: [KeysModule],
      inject: [Config, DataSource, JwtCoreReadiness, KeyRing],
      useFactory: (
        { build }: Config,
        dataSource: DataSource,
        jwtCore: JwtCoreReadiness,
        keys: KeyRing,
      ) => ({
        build,
        checks: [
          databaseReadiness(dataSource),
          ...jwtCore.checks,
          { name: 'signing key', check: () => (keys.canSign ? undefined : 'unreadable') },
        ],
      }),
    }),
    metrics(),
    AccessModule,
    AccountsModule,
    FactorsModule,
    HealthHistoryModule,
    KeysModule,
    MailModule,
    OAuthModule,
    RetentionModule.forRoot({ rows: EXPIRED_ROWS }),
    RevocationsModule,
    SessionsModule,
    UsersModule,
  ],
  providers: [
    provideErrorFilter(
      accessModelProblem,
      usersProblem,
      accountsProblem,
      factorsProblem,
      sessionsProblem,
      clientsProblem,
      keysProblem,
      serviceProblem,
    ),
  ],
})
export class AppModule {
  static with(config: Config, clock = new Clock(), progress?: StartProgress): DynamicModule {
    return {
      module: AppModule,
      imports: [CoreModule.with(config, clock), DatabaseModule.with(config, progress)],
    };
  }
}

/** What auth measures, if `AUTH_METRICS_PORT` is set. Each domain counts, and describes its numbers. */
function metrics(): DynamicModule {
  return MetricsModule.forRootAsync({
    imports: [
      FactorsModule,
      KeysModule,
      MailModule,
      ReceiptsModule,
      RevocationsModule,
      SessionsModule,
      UsersModule,
    ],
    inject: [
      Config,
      DataSource,
      BreachedPasswords,
      JwtCoreStatistics,
      KeyRing,
      MailSender,
      CredentialsService,
      PasswordHasher,
      PostgresRevocationSource,
      ReceiptsService,
      RefreshService,
      SecondFactors,
    ],
    useFactory: (
      config: Config,
      dataSource: DataSource,
      breached: BreachedPasswords,
      jwtCore: JwtCoreStatistics,
      keys: KeyRing,
      mail: MailSender,
      login: CredentialsService,
      hasher: PasswordHasher,
      feed: PostgresRevocationSource,
      receipts: ReceiptsService,
      refreshing: RefreshService,
      secondFactors: SecondFactors,
    ) => ({
      address: config.metricsAddress,
      sources: [
        buildMetrics(config.build),
        databasePoolMetrics(dataSource),
        jwtCoreMetrics(jwtCore),
        keyMetrics(keys),
        mailMetrics(mail),
        loginMetrics(login, hasher, breached),
        feedMetrics(feed),
        receiptMetrics(receipts),
        outcomeMetrics(
          'auth_refreshes_total',
          'Exchanges of a refresh token, by outcome. refresh_token_reused: it was replaced',
          refreshing.outcomes,
        ),
        outcomeMetrics(
          'auth_second_factors_total',
          'Checks of a second factor, by outcome',
          secondFactors.outcomes,
        ),
      ],
    }),
  });
}
