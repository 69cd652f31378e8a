import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';

import { AccessModel } from '../access/access-model.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { ClientSecret } from './client-secret.entity.js';
import { ClientSecretsService } from './client-secrets.service.js';
import { Client } from './client.entity.js';
import { isSecretOf } from '../secret.js';

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
      await manager
        .createQueryBuilder()
        .insert()
        .into(Client)
        .values(this.draft(await this.accessModel.serviceScopes(manager)))
        .orIgnore()
        .execute();
      const where = { id: DEMO_CLIENT_ID, deletedAt: IsNull() };
      const client = await manager.findOne(Client, { where, lock: { mode: 'pessimistic_write' } });
      const known = await manager.findBy(ClientSecret, { clientId: DEMO_CLIENT_ID });
      const hashes = known.map(({ hash }) => hash);
      if (!client || isSecretOf(secret, hashes)) return;
      await manager.delete(ClientSecret, { clientId: DEMO_CLIENT_ID });
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
