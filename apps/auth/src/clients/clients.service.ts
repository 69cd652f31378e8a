import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { Narrowing } from '../access/access-changes.js';
import { beginAdministration } from '../access/access-locks.js';
import { AccessModel } from '../access/access-model.js';
import { subjectsOf } from '../audit/audit.repository.js';
import { AuditService } from '../audit/audit.service.js';
import type { DoneBy } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import {
  LONGEST_REVOCATION_SECONDS,
  RevocationsService,
} from '../revocations/revocations.service.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { ClientSecretsService } from './client-secrets.service.js';
import type { Client } from './client.entity.js';
import { ClientsRepository, type ListedClient } from './clients.repository.js';

/** What an administrator decides of a client. */
type ClientTraits = Pick<
  Client,
  'name' | 'grants' | 'scopes' | 'audiences' | 'claims' | 'isDisabled'
>;

/** The registry of clients. Each change and its audit event are one transaction. */
@Injectable()
export class ClientsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clients: ClientsRepository,
    private readonly secrets: ClientSecretsService,
    private readonly accessModel: AccessModel,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Those that were not deleted, the oldest first. */
  list(): Promise<ListedClient[]> {
    return this.clients.list();
  }

  /** @throws AccessModelError `invalid_access` */
  async create(traits: ClientTraits, by: DoneBy): Promise<{ client: Client; secret: string }> {
    const client: Client = {
      ...distinct(traits),
      id: randomUUID(),
      createdAt: this.clock.now(),
      deletedAt: null,
    };
    return this.dataSource.transaction(async (manager) => {
      await beginAdministration(manager, by);
      await this.accessModel.assertClientAccess(manager, client);
      await this.clients.insert(manager, client);
      const { secret } = await this.secrets.insert(manager, client.id);
      await this.audit.record(manager, {
        ...by,
        action: 'client.created',
        subject: client.id,
        detail: auditable(client),
      });
      return { client, secret };
    });
  }

  /**
   * Gives a client other traits; what is absent stays as it is. The tokens that it has say what it
   * was, or are of one that is disabled now: they are dead everywhere, unless only its name changes.
   *
   * @throws ClientsError `client_not_found`; AccessModelError `invalid_access`
   */
  async change(id: string, change: Partial<ClientTraits>, by: DoneBy): Promise<Client> {
    return this.dataSource.transaction(async (manager) => {
      await beginAdministration(manager, by);
      const before = await this.clients.lock(manager, id);
      const after: Client = { ...before, ...distinct({ ...before, ...change }) };
      const traits = Object.keys(change) as (keyof ClientTraits)[];
      const changed = traits.filter((trait) => !isDeepStrictEqual(before[trait], after[trait]));
      if (changed.length === 0) return before;
      if (changed.includes('scopes') || changed.includes('audiences')) {
        await this.accessModel.assertClientAccess(manager, after);
      }
      await this.clients.update(manager, after);
      await this.audit.record(manager, {
        ...by,
        action: 'client.changed',
        subject: id,
        detail: { ...auditable(after), changed },
      });
      const isRenamed = changed.every((trait) => trait === 'name');
      if (!isRenamed) await this.revokeTokens(manager, [id]);
      return after;
    });
  }

  /**
   * The end of a client: it gets no more tokens, and those that it has are dead everywhere.
   *
   * @throws ClientsError `client_not_found`
   */
  async delete(id: string, by: DoneBy): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.clients.lock(manager, id);
      await demandStillValid(manager, by.caller);
      await this.clients.markDeleted(manager, id, this.clock.now());
      await this.revokeTokens(manager, [id]);
      await this.audit.record(manager, { ...by, action: 'client.deleted', subject: id });
    });
  }

  /**
   * Ends the tokens of clients that may name a scope which is taken away from a resource, and takes it
   * from the clients. Their tokens are not recorded, so that all of a client's end: it asks for another.
   *
   * @returns how many clients there were
   */
  async narrow(manager: EntityManager, narrowing: Narrowing, by: DoneBy): Promise<number> {
    if (narrowing.of !== 'resource') return 0;
    const ids = await this.clients.narrow(manager, narrowing, this.config.audience);
    await this.revokeTokens(manager, ids);
    const { audience: resource, scopes: resourceLost } = narrowing;
    // Not what the client lost: it keeps a scope that another of its resources has.
    const detail = { resource, resourceLost };
    const event = { ...by, action: 'client.changed', detail } as const;
    await this.audit.recordEach(manager, subjectsOf(ids), event);
    return ids.length;
  }

  /**
   * Revokes every token that was issued to these clients before the transaction commits, and none that
   * is issued after: tokens carry the number of their client's newest revocation. The transaction has
   * to hold the clients locked.
   */
  private async revokeTokens(manager: EntityManager, ids: readonly string[]): Promise<void> {
    const before = this.clock.seconds();
    const exp = before + LONGEST_REVOCATION_SECONDS;
    await this.revocations.revoke(
      manager,
      ids.map((id) => ({ kind: 'client', id, before, exp })),
    );
  }
}

/** Each grant, scope and audience once. */
function distinct({ grants, scopes, audiences, ...traits }: ClientTraits): ClientTraits {
  return {
    ...traits,
    grants: [...new Set(grants)],
    scopes: [...new Set(scopes)],
    audiences: [...new Set(audiences)],
  };
}

/** Not the claims: the log is kept for good, and they may be anything. */
function auditable({ name, grants, scopes, audiences, isDisabled }: ClientTraits) {
  return { name, grants, scopes, audiences, disabled: isDisabled };
}
