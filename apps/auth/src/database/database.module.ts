import type { StartProgress } from '@jwt-auth/chassis';
import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import type { Config } from '../config.js';
import { authDatabase, openAuthDatabase } from './auth-database.js';

/** The open and migrated database: a `DataSource` for every feature. */
@Module({})
export class DatabaseModule {
  /** @param progress gets what opening it waits for */
  static with(config: Config, progress?: StartProgress): DynamicModule {
    const database = TypeOrmModule.forRootAsync({
      useFactory: () => ({
        ...authDatabase(config.databaseUrl, config.databaseLimits),
        // `openAuthDatabase` retries by itself.
        toRetry: () => false,
      }),
      dataSourceFactory: () => openAuthDatabase(config, { progress }),
    });
    return { module: DatabaseModule, imports: [database] };
  }
}
