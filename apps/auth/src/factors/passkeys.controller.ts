import { JwtGuard, Public, RequireRecentLogin, RequireScopes } from '@jwt-auth/jwt-core';
import { Body, Controller, Get, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';

import { ACCOUNT_SCOPE } from '../built-in-access.js';
import { RequestOrigin, type Origin } from '../audit/origin.js';
import { Config } from '../config.js';
import { CurrentUser, type SessionUser } from '../users/current-user.decorator.js';
import { FACTOR_LOGIN_AGE } from './demand-factor.js';
import { AddedFactor } from './factors.schema.js';
import { NewPasskey, PasskeyOptions } from './passkey.schema.js';
import { PasskeysService } from './passkeys.service.js';

@ApiTags('factors')
@ApiBearerAuth()
@Controller('auth/factors/passkeys')
@UseGuards(JwtGuard)
@RequireScopes(ACCOUNT_SCOPE)
export class PasskeysController {
  constructor(private readonly passkeys: PasskeysService) {}

  @Post('options')
  @RequireRecentLogin(FACTOR_LOGIN_AGE)
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'What a browser needs to make a passkey' })
  @ApiOkResponse({ standardSchema: PasskeyOptions })
  options(@CurrentUser() caller: SessionUser): Promise<PasskeyOptions> {
    return this.passkeys.creationOptions(caller);
  }

  @Post()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Add the passkey that a browser has made' })
  @ApiCreatedResponse({ standardSchema: AddedFactor })
  add(
    @Body({ schema: NewPasskey }) passkey: NewPasskey,
    @CurrentUser() caller: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<AddedFactor> {
    return this.passkeys.add(caller, passkey, origin);
  }
}

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
