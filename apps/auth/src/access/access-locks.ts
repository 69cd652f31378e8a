import type { EntityManager } from 'typeorm';

/** Held while administrators change users, roles, resources or clients: one after the other. */
const ADMINISTRATION_LOCK = 0x75736572;

/** Shared by all who issue tokens to users, exclusive for those who take scopes or roles away. */
const MODEL_LOCK = 0x6d6f646c;

/**
 * Until the transaction ends, nobody else changes users, roles, resources or clients. Two
 * administrators cannot demote each other at once, and no role is given to a user while it is removed.
 */
export async function holdAdministration(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1)', [ADMINISTRATION_LOCK]);
}

/**
 * Waits for the tokens that are being issued to users, and keeps others from being issued until the
 * transaction ends: they would say what is taken away, and no revocation would end them.
 */
export async function stopIssuing(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1)', [MODEL_LOCK]);
}

/**
 * SQL for the value of a key by which a statement finds its row, in a transaction that issues a token:
 * from then on nothing is taken away from roles and resources before it ends. Postgres evaluates it
 * before it locks the row, so that nobody who waits here holds one. What the roles are must be read in
 * a later statement, as this one does not see what it waited for.
 */
export const keyWhileIssuing = (key: string): string =>
  `(SELECT CASE WHEN pg_advisory_xact_lock_shared(${MODEL_LOCK}) IS NOT NULL THEN ${key} END)`;
