import { execute, insertRows, type NewRow, type Statement } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan, type EntityManager, type FindOptionsWhere } from 'typeorm';

import { aDayAfterExpiry } from '../expiry.js';
import {
  RefreshToken,
  BY_PASSWORD,
  Session,
  type Authentication,
  type AuthenticationMethod,
  type EndReason,
} from './session.entity.js';

export const EXPIRED_SESSIONS = aDayAfterExpiry(Session);

/** More than a user reads. A user with more sessions can end all of them at once. */
const MAX_LISTED = 500;

// Each login runs it.
const BEYOND_BOUND: Statement = {
  name: 'sessions.beyond_bound',
  text: `
    SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
    ORDER BY last_used_at DESC, created_at DESC OFFSET $3`,
};

/** All SQL of sessions. That of their tokens is in `refresh-tokens.repository.ts`. */
@Injectable()
export class SessionsRepository {
  /** A new session with its first token, and the event that records it: each login runs this. */
  async insert(
    manager: EntityManager,
    session: Session,
    refreshToken: RefreshToken,
    event: NewRow,
  ): Promise<void> {
    await insertRows(manager, [[Session, session], [RefreshToken, refreshToken], event]);
  }

  find(manager: EntityManager, id: string): Promise<Session | null> {
    return manager.findOneBy(Session, { id });
  }

  /** An open session of a user. Until the transaction ends nobody else refreshes or ends it. */
  lockOpen(manager: EntityManager, id: string, userId: string): Promise<Session | null> {
    return manager.findOne(Session, {
      where: { id, userId, endedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
  }

  async authenticate(
    manager: EntityManager,
    { id }: Session,
    { authenticatedAt, amr }: Authentication,
  ): Promise<void> {
    await manager.update(Session, { id }, { authenticatedAt, amr: [...amr] });
  }

  /** What the user of an open session has proved beyond its login. */
  async addMethods(
    manager: EntityManager,
    id: string,
    methods: readonly AuthenticationMethod[],
  ): Promise<void> {
    await manager.query(
      `UPDATE sessions SET amr = ARRAY(
         SELECT method FROM unnest(coalesce(amr, '{pwd}') || $2::text[]) WITH ORDINALITY
           AS proved (method, place)
         GROUP BY method ORDER BY min(place))
       WHERE id = $1 AND ended_at IS NULL`,
      [id, methods],
    );
  }

  /** The open sessions of a user count as logins with the password. */
  async resetMethods(manager: EntityManager, userId: string): Promise<void> {
    await manager.update(Session, { userId, endedAt: IsNull() }, { amr: [...BY_PASSWORD] });
  }

  /** The session of a refresh token, replaced or not. */
  findByToken(manager: EntityManager, hash: Buffer): Promise<Session | null> {
    return manager
      .createQueryBuilder(Session, 'session')
      .innerJoin(RefreshToken, 'token', 'token.session_id = session.id')
      .where('token.hash = :hash', { hash })
      .getOne();
  }

  /** The ids of the sessions that this ended. */
  async end(
    manager: EntityManager,
    where: FindOptionsWhere<Session>,
    { endedAt, endReason }: { readonly endedAt: Date; readonly endReason: EndReason },
  ): Promise<string[]> {
    const result = await manager
      .createQueryBuilder()
      .update(Session)
      .set({ endedAt, endReason })
      .where({ ...where, endedAt: IsNull() })
      .returning('id')
      .execute();
    return (result.raw as { id: string }[]).map(({ id }) => id);
  }

  /** A user's open sessions but for the `keep` last used ones. */
  async idsBeyond(
    manager: EntityManager,
    userId: string,
    { keep, now }: { readonly keep: number; readonly now: Date },
  ): Promise<string[]> {
    const values = [userId, now, keep];
    const beyond = await execute<{ id: string }>(manager, BEYOND_BOUND, values);
    return beyond.map(({ id }) => id);
  }

  /** All sessions of a user that are kept, in the order of their ids. */
  all(
    manager: EntityManager,
    userId: string,
    { after, count }: { readonly after: string | undefined; readonly count: number },
  ): Promise<Session[]> {
    return manager.find(Session, {
      where: { userId, ...(after !== undefined && { id: MoreThan(after) }) },
      order: { id: 'ASC' },
      take: count,
    });
  }

  /** The sessions of a user that can be used, the last used first. */
  list(manager: EntityManager, userId: string, now: Date): Promise<Session[]> {
    return manager
      .createQueryBuilder(Session, 'session')
      .where('session.user_id = :userId AND session.ended_at IS NULL', { userId })
      .andWhere('session.expires_at > :now', { now })
      .andWhere(
        `EXISTS (SELECT FROM refresh_tokens token WHERE token.session_id = session.id
           AND token.replaced_at IS NULL AND token.expires_at > :now)`,
      )
      .orderBy('session.last_used_at', 'DESC')
      .take(MAX_LISTED)
      .getMany();
  }
}
