import type { ExpiredRows } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan, Not, type EntityManager } from 'typeorm';

import { KnownNetwork, type User } from './user.entity.js';

/** Half a year after the user's last login from there, a network is unknown again. */
export const FORGOTTEN_NETWORKS: ExpiredRows = {
  entity: KnownNetwork,
  condition: `expired.lastLoginAt < now() - interval '180 days'`,
  age: 'lastLoginAt',
};

/** All SQL of the networks that users log in from. A login reads its network with the user. */
@Injectable()
export class KnownNetworksRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Those of a user, in the order of their names. */
  list(
    userId: string,
    { after = '', count }: { readonly after: string | undefined; readonly count: number },
  ): Promise<KnownNetwork[]> {
    return this.dataSource.manager.find(KnownNetwork, {
      where: { userId, network: MoreThan(after) },
      order: { network: 'ASC' },
      take: count,
    });
  }

  /** Removes those of a user, all but this one. */
  async removeAll(manager: EntityManager, userId: string, except?: string): Promise<void> {
    const others = except !== undefined && { network: Not(except) };
    await manager.delete(KnownNetwork, { userId, ...others });
  }

  /** Whether the user has logged in from this network before. */
  has(userId: string, network: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(KnownNetwork, { userId, network });
  }

  /**
   * Without effect if the user got another password since, or is gone.
   *
   * @returns whether the network is new. Of two callers at once, one gets `true`.
   */
  async remember(
    manager: EntityManager,
    { id, passwordChangedAt }: Pick<User, 'id' | 'passwordChangedAt'>,
    network: string,
    lastLoginAt: Date,
  ): Promise<boolean> {
    // Waits for a change or a deletion of the user that is under way. The parameter is exact to a
    // millisecond. A row that existed has an `xmax`.
    const rows = await manager.query<{ isNew: boolean }[]>(
      `INSERT INTO known_networks (user_id, network, last_login_at)
       SELECT id, $2, $3 FROM users
       WHERE id = $1 AND date_trunc('milliseconds', password_changed_at) = $4 FOR SHARE
       ON CONFLICT (user_id, network) DO UPDATE SET last_login_at = excluded.last_login_at
       RETURNING (xmax = 0) AS "isNew"`,
      [id, network, lastLoginAt, passwordChangedAt],
    );
    return rows[0]?.isNew ?? false;
  }
}
