import { Global, Module, type DynamicModule } from '@nestjs/common';

import { Clock } from './clock.js';
import { Config } from './config.js';

/** What every feature may ask for: the settings and the time. */
@Global()
@Module({})
export class CoreModule {
  static with(config: Config, clock: Clock): DynamicModule {
    return {
      module: CoreModule,
      providers: [
        { provide: Config, useValue: config },
        { provide: Clock, useValue: clock },
      ],
      exports: [Config, Clock],
    };
  }
}
