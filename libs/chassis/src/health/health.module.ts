import { Module } from '@nestjs/common';

import { HealthController } from './health.controller.js';
import { ConfigurableHealthModule } from './health.options.js';

/** `GET /health/live` and `GET /health/ready`, the latter by the checks that the app names. */
@Module({ controllers: [HealthController] })
export class HealthModule extends ConfigurableHealthModule {}
