import { Public } from '@jwt-auth/jwt-core';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import { KeyRing } from './key-ring.js';

@ApiTags('discovery')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: KeyRing) {}

  @Get('jwks.json')
  @Public()
  @Header('cache-control', 'public, max-age=300')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'The public keys that access tokens are signed with (RFC 7517)' })
  jwks(): string {
    return this.keys.jwks;
  }
}
