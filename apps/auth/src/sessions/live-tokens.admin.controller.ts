import { Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';

import { AdminController } from '../admin-controller.decorator.js';
import { LiveTokensService } from './live-tokens.service.js';
import { LiveTokens, LiveTokensQuery } from './sessions.schema.js';

@AdminController('tokens/live')
export class LiveTokensAdminController {
  constructor(private readonly liveTokens: LiveTokensService) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'How many access tokens of open sessions have not expired' })
  @ApiOkResponse({ standardSchema: LiveTokens })
  async count(@Query({ schema: LiveTokensQuery }) query: LiveTokensQuery): Promise<LiveTokens> {
    return { count: await this.liveTokens.count(query) };
  }
}
