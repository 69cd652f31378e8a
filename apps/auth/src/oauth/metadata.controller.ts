import { Public } from '@jwt-auth/jwt-core';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';

import { AccessModel } from '../access/access-model.js';
import { Config } from '../config.js';

const MetadataAnswer = z
  .object({
    issuer: z.string(),
    token_endpoint: z.url(),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    revocation_endpoint: z.url(),
    revocation_endpoint_auth_methods_supported: z.array(z.string()),
    introspection_endpoint: z.url(),
    introspection_endpoint_auth_methods_supported: z.array(z.string()),
    jwks_uri: z.url(),
    revocation_feed: z.url(),
    scopes_supported: z.array(z.string()),
    response_types_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
  })
  .meta({ id: 'IssuerMetadata' });
type MetadataAnswer = z.infer<typeof MetadataAnswer>;

const CLIENT_SECRET = ['client_secret_basic', 'client_secret_post'];

@ApiTags('discovery')
@Controller('.well-known')
export class MetadataController {
  constructor(
    private readonly config: Config,
    private readonly accessModel: AccessModel,
  ) {}

  @Get('oauth-authorization-server')
  @Public()
  @Header('cache-control', 'public, max-age=300')
  @ApiOperation({ summary: 'What there is and where (RFC 8414)' })
  @ApiOkResponse({ standardSchema: MetadataAnswer })
  async metadata(): Promise<MetadataAnswer> {
    const { issuer } = this.config;
    const base = issuer.replace(/\/+$/, '');
    return {
      issuer,
      token_endpoint: `${base}/oauth/token`,
      token_endpoint_auth_methods_supported: [...CLIENT_SECRET, 'none'],
      revocation_endpoint: `${base}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: [...CLIENT_SECRET, 'none'],
      introspection_endpoint: `${base}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: [...CLIENT_SECRET],
      jwks_uri: `${base}/.well-known/jwks.json`,
      revocation_feed: `${base}/revocations`,
      scopes_supported: [...(await this.accessModel.supportedScopes())],
      // Required, and left out it would not mean none (RFC 8414 section 2).
      response_types_supported: [],
      grant_types_supported: ['client_credentials', 'refresh_token'],
    };
  }
}
