import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { ReadinessCheck } from './readiness.js';

export interface HealthOptions {
  /** All of them must be passed before the service gets requests. */
  readonly checks: readonly ReadinessCheck[];
}

export const {
  ConfigurableModuleClass: ConfigurableHealthModule,
  MODULE_OPTIONS_TOKEN: HEALTH_OPTIONS,
} = new ConfigurableModuleBuilder<HealthOptions>().setClassMethodName('forRoot').build();
