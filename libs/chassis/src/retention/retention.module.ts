import { Module } from '@nestjs/common';

import { ConfigurableModuleClass, Retention } from './retention.js';

/** Removes from the app's `DataSource` what has expired, every ten minutes. */
@Module({ providers: [Retention] })
export class RetentionModule extends ConfigurableModuleClass {}
