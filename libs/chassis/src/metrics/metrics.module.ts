import { Module } from '@nestjs/common';

import { Metrics } from './metrics.js';
import { ConfigurableMetricsModule } from './metrics.options.js';

/**
 * `GET /metrics` for Prometheus, on a listener of its own: the public port never tells them. The
 * process, its requests, and the sources that the app names.
 */
@Module({ providers: [Metrics] })
export class MetricsModule extends ConfigurableMetricsModule {}
