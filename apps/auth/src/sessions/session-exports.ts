import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { exportedOf, inBatches, UserExports, type ExportedColumns } from '../users/user-exports.js';
import { authenticationOf, type Session } from './session.entity.js';
import { SessionsRepository } from './sessions.repository.js';

const COLUMNS = {
  id: true,
  userId: 'not: of the account',
  address: true,
  userAgent: true,
  requestedScope: true,
  audience: true,
  amr: true,
  createdAt: true,
  lastUsedAt: true,
  authenticatedAt: true,
  expiresAt: true,
  endedAt: true,
  endReason: true,
} as const satisfies ExportedColumns<Session>;

/** The sessions of an account, those that are over included, for its export. */
@Injectable()
export class SessionExports implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly exports: UserExports,
    private readonly sessions: SessionsRepository,
  ) {}

  onModuleInit(): void {
    this.exports.add('sessions', ({ id }) => this.sessionsOf(id));
  }

  private async *sessionsOf(userId: string): AsyncGenerator<object> {
    const sessions = inBatches<Session>((after, count) =>
      this.sessions.all(this.dataSource.manager, userId, { after: after?.id, count }),
    );
    for await (const session of sessions) {
      yield { ...exportedOf(session, COLUMNS), ...authenticationOf(session) };
    }
  }
}
