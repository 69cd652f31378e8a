import type { EntityManager } from 'typeorm';

import type { DoneBy } from '../audit/origin.js';
import { demandStillValid } from '../revocations/still-valid.js';

/** Held while administrators give and take rights: one after the other. */
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
 * Begins a change by an administrator: `holdAdministration`, and then the token is checked once more. An
 * administrator who was disabled or demoted changes nothing after that commit, also by requests that waited
 * for it. Before any row is locked: two administrators who change each other do not wait for each other's rows.
 *
 * Not for what ends or resets something, as the sessions of a user, a key or a client: in an incident it must
 * not wait for others, and needs no order. It locks its row, and then calls `demandStillValid` itself.
 *
 * @throws TokenError `token_revoked`
 */
export async function beginAdministration(
  manager: EntityManager,
  { caller }: DoneBy,
): Promise<void> {
  await holdAdministration(manager);
  await demandStillValid(manager, caller);
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
