import { Uuid } from '@jwt-auth/chassis';
import { JwtGuard, RequireAcr, RequireRecentLogin, RequireScopes } from '@jwt-auth/jwt-core';
import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import { ACCOUNT_SCOPE } from '../built-in-access.js';
import { RequestOrigin, type Origin } from '../audit/origin.js';
import { CurrentUser, type SessionUser } from '../users/current-user.decorator.js';
import { FACTOR_LOGIN_AGE } from './demand-factor.js';
import {
  AddedFactor,
  factorAnswer,
  FactorList,
  NewTotp,
  RecoveryCodes,
  TotpConfirmation,
  TotpKey,
} from './factors.schema.js';
import { FactorsService } from './factors.service.js';
import { TotpService } from './totp.service.js';

@ApiTags('factors')
@ApiBearerAuth()
@Controller('auth/factors')
@UseGuards(JwtGuard)
@RequireScopes(ACCOUNT_SCOPE)
export class FactorsController {
  constructor(
    private readonly factors: FactorsService,
    private readonly totp: TotpService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'My second factors, the oldest first' })
  @ApiOkResponse({ standardSchema: FactorList })
  async list(@CurrentUser() { userId }: SessionUser): Promise<FactorList> {
    const { factors, ...more } = await this.factors.list(userId);
    return { items: factors.map(factorAnswer), ...more };
  }

  @Post('totp')
  @RequireRecentLogin(FACTOR_LOGIN_AGE)
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'A secret for an authenticator app, which has to be confirmed' })
  @ApiOkResponse({ standardSchema: TotpKey })
  enrolTotp(
    @Body({ schema: NewTotp }) { name }: NewTotp,
    @CurrentUser() caller: SessionUser,
  ): Promise<TotpKey> {
    return this.totp.enrol(caller, name);
  }

  @Post('totp/confirm')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Make the app a second factor, in place of the one before' })
  @ApiOkResponse({ standardSchema: AddedFactor })
  confirmTotp(
    @Body({ schema: TotpConfirmation }) { code }: TotpConfirmation,
    @CurrentUser() caller: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<AddedFactor> {
    return this.totp.confirm(caller, code, origin);
  }

  @Post('recovery-codes')
  @RequireRecentLogin(FACTOR_LOGIN_AGE)
  @RequireAcr('mfa')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Make new recovery codes. The ones before no longer work' })
  @ApiOkResponse({ standardSchema: RecoveryCodes })
  async renewRecoveryCodes(
    @CurrentUser() caller: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<RecoveryCodes> {
    return { recoveryCodes: await this.factors.renewRecoveryCodes(caller, origin) };
  }

  @Delete(':id')
  @RequireRecentLogin(FACTOR_LOGIN_AGE)
  @RequireAcr('mfa')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a second factor' })
  @ApiNoContentResponse()
  remove(
    @Param('id', { schema: Uuid }) id: string,
    @CurrentUser() caller: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.factors.remove(caller, id, origin);
  }
}
