import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { AccessChanges, type Narrowing } from '../access/access-changes.js';
import { Config } from '../config.js';
import { ClientsService } from './clients.service.js';

/** The clients that can have tokens for a resource, with a scope that it has lost. */
const CONCERNED = `
  deleted_at IS NULL AND (audiences @> ARRAY[$1] OR audiences = '{}' AND $1 = $4)
  AND ($3 OR scopes && $2::text[])`;

/** A scope goes, unless another audience of the client has one of that name. */
const NARROW = `
  UPDATE clients SET scopes = ARRAY(
    SELECT scope FROM unnest(clients.scopes) WITH ORDINALITY AS had (scope, place)
    WHERE scope <> ALL ($2::text[]) OR EXISTS (
      SELECT FROM resources
      WHERE audience = ANY (CASE WHEN audiences = '{}' THEN ARRAY[$4] ELSE audiences END)
        AND resources.scopes @> jsonb_build_array(jsonb_build_object('name', scope)))
    ORDER BY place)
  WHERE ${CONCERNED} RETURNING id`;

/**
 * Ends the tokens of clients that may name a scope which is taken away from a resource, and takes it
 * from the clients. Their tokens are not recorded, so that all of a client's end: it asks for another.
 */
@Injectable()
export class ClientAccessChanges implements OnModuleInit {
  constructor(
    private readonly changes: AccessChanges,
    private readonly clients: ClientsService,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.changes.listen({ revoke: (manager, narrowing) => this.narrow(manager, narrowing) });
  }

  private async narrow(manager: EntityManager, narrowing: Narrowing): Promise<number> {
    if (narrowing.of !== 'resource') return 0;
    const { audience, scopes, isRemoved } = narrowing;
    const values = [audience, scopes, isRemoved, this.config.audience];
    // It waits for the tokens that are being issued to these clients.
    const [concerned] = await manager.query<[{ id: string }[], number]>(NARROW, values);
    await this.clients.revokeTokens(
      manager,
      concerned.map(({ id }) => id),
    );
    return concerned.length;
  }
}
