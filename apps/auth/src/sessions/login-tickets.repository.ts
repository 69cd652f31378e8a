import { Injectable } from '@nestjs/common';
import { DataSource, LessThan, MoreThan, type EntityManager } from 'typeorm';

import { LoginTicket } from './login-ticket.entity.js';

/** Code guessing (threat:code-guessing). A ticket with so many wrong guesses is dead. */
export const GUESSES_PER_TICKET = 5;

/** All SQL of logins that wait for a second factor. */
@Injectable()
export class LoginTicketsRepository {
  constructor(private readonly dataSource: DataSource) {}

  async insert(ticket: LoginTicket): Promise<void> {
    await this.dataSource.manager.insert(LoginTicket, ticket);
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
   * @returns whether there was one left
   */
  async countGuess({ hash }: LoginTicket): Promise<boolean> {
    const { affected } = await this.dataSource
      .createQueryBuilder()
      .update(LoginTicket)
      .set({ guesses: () => 'guesses + 1' })
      .where('hash = :hash AND guesses < :most', { hash, most: GUESSES_PER_TICKET })
      .execute();
    return affected === 1;
  }

  /** @returns whether it was there. Of two callers at once, one gets `true`. */
  async remove(manager: EntityManager, { hash }: LoginTicket): Promise<boolean> {
    const { affected } = await manager.delete(LoginTicket, { hash });
    return affected === 1;
  }
}
