import { Global, Module, type DynamicModule } from '@nestjs/common';

import { Clock } from './clock.js';
import { Config } from './config.js';
import { DatabaseNotifications } from './events/database-notifications.js';

/** What every feature may ask for: settings, the time, and notifications of the database. */
@Global()
@Module({})
export class CoreModule {
  static with(config: Config, clock: Clock): DynamicModule {
    return {
      module: CoreModule,
      providers: [
        { provide: Config, useValue: config },
        { provide: Clock, useValue: clock },
        DatabaseNotifications,
      ],
      exports: [Config, Clock, DatabaseNotifications],
    };
  }
}
