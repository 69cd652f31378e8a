import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AccessModel } from '../access/access-model.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { ClientSecretsService } from './client-secrets.service.js';
import type { Client } from './client.entity.js';
import { ClientsRepository } from './clients.repository.js';
import { isSecretOf } from '../crypto/secret.js';

/** Fixed, so that a script that sets its secret knows the id, too. */
export const DEMO_CLIENT_ID = 'de300000-0000-4000-8000-00000000c11e';

const TRAITS: Pick<Client, 'name' | 'grants'> = {
  name: 'demo service',
  grants: ['client_credentials', 'introspect'],
};

/**
 * The client that a development stack begins with: services can ask about reference tokens at once.
 * It has all scopes of `AUDIENCE` but those of auth itself.
 * Its secret is that of the latest start; one that was changed or deleted stays so otherwise.
 */
@Injectable()
export class DemoClient implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clients: ClientsRepository,
    private readonly secrets: ClientSecretsService,
    private readonly accessModel: AccessModel,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    const { demoClientSecret: secret } = this.config;
    if (secret === undefined) return;
    await this.dataSource.transaction(async (manager) => {
      // Another process may do the same at the same moment: it waits here.
      const scopes = await this.accessModel.serviceScopes(manager);
      await this.clients.insertOnce(manager, this.draft(scopes));
      const client = await this.clients.findAndLock(manager, DEMO_CLIENT_ID);
      const hashes = await this.clients.secretHashes(DEMO_CLIENT_ID, manager);
      if (!client || isSecretOf(secret, hashes)) return;
      await this.clients.deleteSecrets(manager, DEMO_CLIENT_ID);
      await this.secrets.insert(manager, DEMO_CLIENT_ID, secret);
    });
  }

  private draft(scopes: string[]): Client {
    return {
      ...TRAITS,
      scopes,
      id: DEMO_CLIENT_ID,
      audiences: [],
      claims: {},
      isDisabled: false,
      createdAt: this.clock.now(),
      deletedAt: null,
    };
  }
}
