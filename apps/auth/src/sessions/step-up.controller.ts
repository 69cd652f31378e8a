import { JwtGuard } from '@jwt-auth/jwt-core';
import { Body, Controller, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { PasskeyOptions } from '../factors/passkey.schema.js';
import { CurrentUser, type SessionUser } from '../users/current-user.decorator.js';
import { StepUpRequest, StepUpResponse } from './step-up.schema.js';
import { StepUpService } from './step-up.service.js';

@ApiTags('sessions')
@Controller('auth')
@UseGuards(JwtGuard)
export class StepUpController {
  constructor(private readonly steppingUp: StepUpService) {}

  @Post('step-up/options')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'What a browser needs to step up with a passkey' })
  @ApiOkResponse({ standardSchema: PasskeyOptions })
  passkeyOptions(@CurrentUser() user: SessionUser): Promise<PasskeyOptions> {
    return this.steppingUp.passkeyOptions(user);
  }

  @Post('step-up')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Prove anew who I am, for what needs a recent login' })
  @ApiOkResponse({ standardSchema: StepUpResponse })
  stepUp(
    @Body({ schema: StepUpRequest }) request: StepUpRequest,
    @CurrentUser() user: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<StepUpResponse> {
    return this.steppingUp.stepUp(user, request, origin);
  }
}
