import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { inBatches, UserExports } from '../users/user-exports.js';
import { BY_PASSWORD } from './authentication.js';
import type { Session } from './session.entity.js';
import { SessionsRepository } from './sessions.repository.js';

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
      const { id, address, userAgent, requestedScope, audience, amr } = session;
      const { createdAt, lastUsedAt, authenticatedAt, expiresAt, endedAt, endReason } = session;
      yield {
        ...{ id, address, userAgent, requestedScope, audience, amr: amr ?? BY_PASSWORD },
        ...{ createdAt, lastUsedAt, authenticatedAt: authenticatedAt ?? createdAt },
        ...{ expiresAt, endedAt, endReason },
      };
    }
  }
}
