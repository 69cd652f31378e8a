import { entityColumns, insertRows, type EntityColumns } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { MailKind } from './mail-templates.js';
import { OutgoingMail } from './outgoing-mail.entity.js';

/** All SQL of mails that wait to be sent. */
@Injectable()
export class OutgoingMailsRepository {
  private readonly columns: EntityColumns<OutgoingMail>;

  constructor(private readonly dataSource: DataSource) {
    this.columns = entityColumns(dataSource, OutgoingMail, 'mail');
  }

  async insert(manager: EntityManager, mail: OutgoingMail): Promise<void> {
    await insertRows(manager, [[OutgoingMail, mail]]);
  }

  /**
   * Mails whose turn it is, each for one process alone: until `busyUntil` no other gets it. A process
   * that dies with a mail leaves it to another one from then on.
   */
  async claim(
    manager: EntityManager,
    {
      now,
      busyUntil,
      count,
    }: { readonly now: Date; readonly busyUntil: Date; readonly count: number },
  ): Promise<OutgoingMail[]> {
    const [rows] = await manager.query<[object[], number]>(
      `UPDATE outgoing_mails AS mail SET attempts = attempts + 1, next_attempt_at = $2
       WHERE id = ANY (ARRAY(
         SELECT id FROM outgoing_mails WHERE next_attempt_at <= $1
         ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED))
       RETURNING ${this.columns.list}`,
      [now, busyUntil, count],
    );
    return rows.map((row) => this.columns.read(row));
  }

  async postpone({ id }: OutgoingMail, nextAttemptAt: Date): Promise<void> {
    await this.dataSource.manager.update(OutgoingMail, { id }, { nextAttemptAt });
  }

  has(manager: EntityManager, { id }: OutgoingMail): Promise<boolean> {
    return manager.existsBy(OutgoingMail, { id });
  }

  async removeOf(
    manager: EntityManager,
    which: { readonly userId: string; readonly template?: MailKind },
  ): Promise<void> {
    await manager.delete(OutgoingMail, which);
  }

  async remove(manager: EntityManager, { id }: OutgoingMail): Promise<void> {
    await manager.delete(OutgoingMail, { id });
  }
}
