import { Uuid } from '@jwt-auth/chassis';
import { Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';

import { Audience, RoleName } from '../access/access.schema.js';
import { AdminController } from '../access/admin-controller.decorator.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { KeyRotationService } from '../keys/key-rotation.service.js';
import { Kid } from '../keys/keys.schema.js';
import { RefreshTokensRepository } from './refresh-tokens.repository.js';

/** Each limits the count further. */
const LiveTokensQuery = z.strictObject({
  userId: Uuid.optional(),
  sessionId: Uuid.optional(),
  kid: Kid.optional().meta({ description: 'those that this key may have signed' }),
  role: RoleName.optional().meta({ description: 'those of users who have this role' }),
  audience: Audience.optional(),
});
type LiveTokensQuery = z.infer<typeof LiveTokensQuery>;

const LiveTokens = z
  .object({
    count: z.int().meta({
      description: 'at most so many: one that was revoked by itself is counted until it expires',
    }),
  })
  .meta({ id: 'LiveTokens' });
type LiveTokens = z.infer<typeof LiveTokens>;

/** What an administrator is about to end. Tokens that clients get for themselves are not recorded. */
@AdminController('tokens/live')
export class LiveTokensAdminController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly refreshTokens: RefreshTokensRepository,
    private readonly keys: KeyRotationService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'How many access tokens of open sessions have not expired' })
  @ApiOkResponse({ standardSchema: LiveTokens })
  async count(@Query({ schema: LiveTokensQuery }) query: LiveTokensQuery): Promise<LiveTokens> {
    const { manager } = this.dataSource;
    const { kid, ...filter } = query;
    const issued = kid === undefined ? undefined : await this.activeTime(kid);
    if (issued === null) return { count: 0 };
    const since = await this.clock.database(manager);
    const { audience: defaultAudience } = this.config;
    const count = await this.refreshTokens.countLive(
      manager,
      { ...filter, issued },
      { since, defaultAudience },
    );
    return { count };
  }

  /** `null`: the key is unknown, or has never signed. */
  private async activeTime(kid: string): Promise<{ from: Date; to: Date | null } | null> {
    const key = (await this.keys.list()).find((each) => each.kid === kid);
    return key?.activatedAt ? { from: key.activatedAt, to: key.retiredAt } : null;
  }
}
