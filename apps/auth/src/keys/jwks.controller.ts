import { Public } from '@jwt-auth/jwt-core';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { KeyRing } from './key-ring.js';

const text = { type: 'string' };

/** A JWK Set of RSA keys (RFC 7517 section 5, RFC 7518 section 6.3.1). */
const KEY_SET = {
  type: 'object',
  properties: {
    keys: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          kty: { type: 'string', enum: ['RSA'] },
          use: { type: 'string', enum: ['sig'] },
          alg: { type: 'string', enum: ['RS256'] },
          kid: text,
          n: text,
          e: text,
        },
        required: ['kty', 'use', 'alg', 'kid', 'n', 'e'],
        additionalProperties: false,
      },
    },
  },
  required: ['keys'],
};

@ApiTags('discovery')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: KeyRing) {}

  @Get('jwks.json')
  @Public()
  @Header('cache-control', 'public, max-age=300')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'The public keys that access tokens are signed with (RFC 7517)' })
  @ApiOkResponse({ content: { 'application/json': { schema: KEY_SET } } })
  jwks(): string {
    return this.keys.jwks;
  }
}
