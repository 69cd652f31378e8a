import { Public } from '@jwt-auth/jwt-core';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';

import { Config } from '../config.js';

const RelatedOrigins = z.object({ origins: z.array(z.string()) }).meta({ id: 'RelatedOrigins' });

/** Browsers ask here before a page of another host uses passkeys of this one (WebAuthn level 3, 5.11). */
@ApiTags('discovery')
@Controller('.well-known')
export class RelatedOriginsController {
  constructor(private readonly config: Config) {}

  @Get('webauthn')
  @Public()
  @Header('cache-control', 'public, max-age=300')
  @ApiOperation({ summary: 'The pages that may use passkeys of this host' })
  @ApiOkResponse({ standardSchema: RelatedOrigins })
  origins(): z.infer<typeof RelatedOrigins> {
    return { origins: this.config.ownOrigins };
  }
}
