import { openDatabase, type DatabaseOptions } from '@jwt-auth/chassis';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Config } from '../config.js';
import { authDatabase } from './auth-database.js';

/** The open and migrated database: a `DataSource` for every feature. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [Config],
      // `openDatabase` retries by itself.
      useFactory: ({ databaseUrl }: Config) => ({ ...authDatabase(databaseUrl), retryAttempts: 0 }),
      dataSourceFactory: (options) => openDatabase(options as DatabaseOptions),
    }),
  ],
})
export class DatabaseModule {}
