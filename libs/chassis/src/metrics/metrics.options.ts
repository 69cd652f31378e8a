import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { Registry } from 'prom-client';

import type { ListenAddress } from '../settings/addresses.js';

/**
 * Adds its metrics to a registry, once. By the conventions of Prometheus: base units, `_total` for
 * what only grows, and labels of few values, never an id, an address or a path.
 */
export type MetricSource = (registry: Registry) => void;

export interface MetricsOptions {
  /** Where `GET /metrics` is answered, and nothing else. `undefined`: nothing is measured. */
  readonly address: ListenAddress | undefined;
  /** What the app measures beside what every service does. */
  readonly sources: readonly MetricSource[];
}

export const {
  ConfigurableModuleClass: ConfigurableMetricsModule,
  MODULE_OPTIONS_TOKEN: METRICS_OPTIONS,
} = new ConfigurableModuleBuilder<MetricsOptions>().setClassMethodName('forRoot').build();
