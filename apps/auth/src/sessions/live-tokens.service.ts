import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { KeyRotationService } from '../keys/key-rotation.service.js';
import { RefreshTokensRepository } from './refresh-tokens.repository.js';
import type { LiveTokensQuery } from './sessions.schema.js';

/** Counts what an administrator is about to end. Tokens that clients get for themselves are not recorded. */
@Injectable()
export class LiveTokensService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly refreshTokens: RefreshTokensRepository,
    private readonly keys: KeyRotationService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** How many access tokens of open sessions have not expired, and match the query. */
  async count({ kid, ...filter }: LiveTokensQuery): Promise<number> {
    const issued = kid === undefined ? undefined : await this.signingTime(kid);
    if (issued === null) return 0;
    const { manager } = this.dataSource;
    const since = await this.clock.database(manager);
    const options = { since, defaultAudience: this.config.audience };
    return this.refreshTokens.countLive(manager, { ...filter, issued }, options);
  }

  /** `null`: the key is unknown, or has never signed. */
  private async signingTime(kid: string): Promise<{ from: Date; to: Date | null } | null> {
    const key = (await this.keys.list()).find((each) => each.kid === kid);
    return key?.activatedAt ? { from: key.activatedAt, to: key.retiredAt } : null;
  }
}
