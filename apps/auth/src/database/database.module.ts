import { openDatabase, type DatabaseOptions, type StartProgress } from '@jwt-auth/chassis';
import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Config } from '../config.js';
import { authDatabase } from './auth-database.js';

/** The open and migrated database: a `DataSource` for every feature. */
@Module({})
export class DatabaseModule {
  /** @param progress gets what opening it waits for */
  static with(progress?: StartProgress): DynamicModule {
    const database = TypeOrmModule.forRootAsync({
      inject: [Config],
      // `openDatabase` retries by itself.
      useFactory: ({ databaseUrl, databaseLimits }: Config) => ({
        ...authDatabase(databaseUrl, databaseLimits),
        retryAttempts: 0,
      }),
      dataSourceFactory: (options) => openDatabase(options as DatabaseOptions, { progress }),
    });
    return { module: DatabaseModule, imports: [database] };
  }
}
