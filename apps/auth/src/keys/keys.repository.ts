import { Injectable } from '@nestjs/common';
import { DataSource, In, MoreThan, type EntityManager } from 'typeorm';

import { SigningKey, type CurrentState } from './signing-key.entity.js';

/** Held while the signing keys change: by one process at a time. */
const KEYS_LOCK = 0x6b657973;

/** The channel on which processes are notified that the signing keys have changed. */
export const KEYS_CHANNEL = 'signing_keys';

/** A key that nobody knows yet. */
export type NewSigningKey = Omit<SigningKey, 'createdAt' | 'activatedAt' | 'retiredAt'>;

/** All SQL of the signing keys. */
@Injectable()
export class KeysRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** One transaction, in which nobody else changes the signing keys. */
  change<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [KEYS_LOCK]);
      return work(manager);
    });
  }

  /** Every key there ever was, the latest first. Without its private half. */
  list(): Promise<SigningKey[]> {
    return this.dataSource.manager.find(SigningKey, {
      select: { kid: true, state: true, createdAt: true, activatedAt: true, retiredAt: true },
      order: { createdAt: 'DESC', kid: 'ASC' },
    });
  }

  /** The keys that are published: those of retired keys while tokens of theirs live. */
  published(
    retiredAfter: Date,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<SigningKey[]> {
    return manager.find(SigningKey, {
      where: [
        { state: In(['next', 'active']) },
        { state: 'retired', retiredAt: MoreThan(retiredAfter) },
      ],
      order: { createdAt: 'ASC', kid: 'ASC' },
    });
  }

  /** The active key and the next one. Both are there once a process has started. */
  async current(
    manager: EntityManager = this.dataSource.manager,
  ): Promise<Partial<Record<CurrentState, SigningKey>>> {
    const keys = await manager.findBy(SigningKey, { state: In(['next', 'active']) });
    return Object.fromEntries(keys.map((key) => [key.state, key]));
  }

  find(manager: EntityManager, kid: string): Promise<SigningKey | null> {
    return manager.findOneBy(SigningKey, { kid });
  }

  /** @param now by the clock of the database, which all processes share */
  async insert(manager: EntityManager, key: NewSigningKey, now: Date): Promise<void> {
    const activatedAt = key.state === 'active' ? now : null;
    await manager.insert(SigningKey, { ...key, createdAt: now, activatedAt });
    await notify(manager);
  }

  async update(
    manager: EntityManager,
    kid: string,
    change: Partial<Omit<SigningKey, 'kid' | 'publicKey'>>,
  ): Promise<void> {
    await manager.update(SigningKey, { kid }, change);
    await notify(manager);
  }
}

/** When the transaction commits, once for all its changes. */
async function notify(manager: EntityManager): Promise<void> {
  await manager.query(`NOTIFY ${KEYS_CHANNEL}`);
}
