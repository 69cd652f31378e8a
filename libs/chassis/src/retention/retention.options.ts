import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { ExpiredRows } from './expired-rows.js';

export interface RetentionOptions {
  /** In the order in which they are removed. */
  readonly rows: readonly ExpiredRows[];
}

export const {
  ConfigurableModuleClass: ConfigurableRetentionModule,
  MODULE_OPTIONS_TOKEN: RETENTION_OPTIONS,
} = new ConfigurableModuleBuilder<RetentionOptions>().setClassMethodName('forRoot').build();
