import { Injectable } from '@nestjs/common';
import { DataSource, LessThan, MoreThan, type EntityManager } from 'typeorm';

import { aDayAfterExpiry } from '../expiry.js';
import { LoginTicket } from './login-ticket.entity.js';

export const EXPIRED_LOGIN_TICKETS = aDayAfterExpiry(LoginTicket);

/** Code guessing (threat:code-guessing). A ticket with so many tries is dead, whatever became of them. */
export const GUESSES_PER_TICKET = 5;

/** All SQL of logins that wait for a second factor. */
@Injectable()
export class LoginTicketsRepository {
  constructor(private readonly dataSource: DataSource) {}

  async insert(manager: EntityManager, ticket: LoginTicket): Promise<void> {
    await manager.insert(LoginTicket, ticket);
  }

  /** One that can still be used. */
  find(hash: Buffer, now: Date): Promise<LoginTicket | null> {
    const { manager } = this.dataSource;
    const guesses = LessThan(GUESSES_PER_TICKET);
    return manager.findOneBy(LoginTicket, { hash, guesses, expiresAt: MoreThan(now) });
  }

  /**
   * Counts a guess before it is made: simultaneous ones have no more tries than those in a row.
   *
   * @returns which guess of the ticket it is, from 1, or `undefined` if there was none left
   */
  async countGuess({ hash }: LoginTicket): Promise<number | undefined> {
    const counted = this.dataSource
      .createQueryBuilder()
      .update(LoginTicket)
      .set({ guesses: () => 'guesses + 1' })
      .where('hash = :hash AND guesses < :most', { hash, most: GUESSES_PER_TICKET })
      .returning('guesses');
    const { raw } = (await counted.execute()) as { raw: { guesses: number }[] };
    return raw[0]?.guesses;
  }

  /** Whether it has had all its guesses, and none of them has used it up. */
  hasDied({ hash }: LoginTicket): Promise<boolean> {
    return this.dataSource.manager.existsBy(LoginTicket, { hash, guesses: GUESSES_PER_TICKET });
  }

  /** @returns whether it was there. Of two callers at once, one gets `true`. */
  async remove(manager: EntityManager, { hash }: LoginTicket): Promise<boolean> {
    const { affected } = await manager.delete(LoginTicket, { hash });
    return affected === 1;
  }
}
