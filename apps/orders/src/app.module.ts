import {
  buildMetrics,
  databaseReadiness,
  databasePoolMetrics,
  HealthModule,
  jwtCoreMetrics,
  MetricsModule,
  serviceProblem,
  type StartProgress,
} from '@jwt-auth/chassis';
import {
  JwtCoreModule,
  JwtCoreReadiness,
  JwtCoreStatistics,
  provideProblems,
} from '@jwt-auth/jwt-core';
import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

import type { Config } from './config.js';
import { openOrdersDatabase, ordersDatabase } from './database/orders-database.js';
import { ordersProblem } from './orders/orders.errors.js';
import { OrdersModule } from './orders/orders.module.js';

@Module({})
export class AppModule {
  static with(config: Config, progress?: StartProgress): DynamicModule {
    return {
      module: AppModule,
      imports: [
        database(config, progress),
        protection(config),
        health(config),
        metrics(config),
        OrdersModule,
      ],
      providers: [provideProblems((error) => ordersProblem(error) ?? serviceProblem(error))],
    };
  }
}

function database(config: Config, progress?: StartProgress): DynamicModule {
  const { databaseUrl, databaseLimits } = config;
  return TypeOrmModule.forRootAsync({
    useFactory: () => ({
      ...ordersDatabase(databaseUrl, databaseLimits),
      // `openOrdersDatabase` retries by itself.
      toRetry: () => false,
    }),
    dataSourceFactory: () => openOrdersDatabase(config, { progress }),
  });
}

function protection(config: Config): DynamicModule {
  return JwtCoreModule.forRoot({
    // By this name auth knows which processes have applied a revocation.
    service: 'orders',
    serviceVersion: config.build.version,
    issuer: config.issuer,
    audience: config.audience,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    allowHttpIssuer: config.allowHttpIssuer,
    jwksRefreshSeconds: config.jwksRefreshMs / 1000,
    jwksCooldownSeconds: config.jwksCooldownMs / 1000,
    jwksMaxStaleSeconds: config.jwksMaxStaleMs / 1000,
    maxStalenessSeconds: config.revocationMaxStalenessMs / 1000,
    clockToleranceSeconds: config.clockToleranceMs / 1000,
    // Readiness waits for auth, so that the start need not.
    waitForIssuerMs: 0,
  });
}

function health({ build }: Config): DynamicModule {
  return HealthModule.forRootAsync({
    inject: [DataSource, JwtCoreReadiness],
    useFactory: (dataSource: DataSource, jwtCore: JwtCoreReadiness) => ({
      checks: [databaseReadiness(dataSource), ...jwtCore.checks],
      notes: () => jwtCore.notes,
      build,
    }),
  });
}

function metrics({ metricsAddress, build }: Config): DynamicModule {
  return MetricsModule.forRootAsync({
    inject: [DataSource, JwtCoreStatistics],
    useFactory: (dataSource: DataSource, jwtCore: JwtCoreStatistics) => ({
      address: metricsAddress,
      sources: [buildMetrics(build), databasePoolMetrics(dataSource), jwtCoreMetrics(jwtCore)],
    }),
  });
}
