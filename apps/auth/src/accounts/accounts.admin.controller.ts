import { Body, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation } from '@nestjs/swagger';

import { AdminController } from '../admin-controller.decorator.js';
import { ByCaller, type DoneBy } from '../audit/origin.js';
import { ApiNeedsMail } from './accounts.errors.js';
import { Accepted, PasswordRequest } from './accounts.schema.js';
import { PasswordRecoveryService } from './password-recovery.service.js';

@AdminController('users/:id/password')
export class AccountsAdminController {
  constructor(private readonly recovery: PasswordRecoveryService) {}

  @Post('reset')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Mail a user a link for a new password; with `required`, the present one ends now',
  })
  @ApiNeedsMail()
  @ApiAcceptedResponse({ standardSchema: Accepted })
  async requestPassword(
    @Param('id') id: string,
    @Body({ schema: PasswordRequest }) { required }: PasswordRequest,
    @ByCaller() by: DoneBy,
  ): Promise<Accepted> {
    await this.recovery.requestFor(id, { isRequired: required, ...by });
    return {};
  }
}
