import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { ClientsRepository } from './clients.repository.js';

/** Logs at the start when no client may introspect: then no service can use reference tokens. */
@Injectable()
export class IntrospectionNotice implements OnApplicationBootstrap {
  private readonly logger = new Logger(IntrospectionNotice.name);

  constructor(private readonly clients: ClientsRepository) {}

  /** After the demo client was made, if there is to be one. */
  async onApplicationBootstrap(): Promise<void> {
    if (await this.clients.canAnyIntrospect()) return;
    this.logger.warn(
      'No client may introspect, so every service refuses reference tokens. Make one with the ' +
        'grant introspect at POST /admin/clients, and give services its id and secret as ' +
        'CLIENT_ID and CLIENT_SECRET',
    );
  }
}
