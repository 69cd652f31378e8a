import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ArrayContains, DataSource, IsNull } from 'typeorm';

import { Client } from './client.entity.js';

/** Logs at the start when no client may introspect: then no service can use reference tokens. */
@Injectable()
export class IntrospectionNotice implements OnApplicationBootstrap {
  private readonly logger = new Logger(IntrospectionNotice.name);

  constructor(private readonly dataSource: DataSource) {}

  /** After the demo client was made, if there is to be one. */
  async onApplicationBootstrap(): Promise<void> {
    const canIntrospect = await this.dataSource.manager.existsBy(Client, {
      grants: ArrayContains(['introspect']),
      isDisabled: false,
      deletedAt: IsNull(),
    });
    if (canIntrospect) return;
    this.logger.warn(
      'No client may introspect, so every service refuses reference tokens. Make one with the ' +
        'grant introspect at POST /admin/clients, and give services its id and secret as ' +
        'CLIENT_ID and CLIENT_SECRET',
    );
  }
}
