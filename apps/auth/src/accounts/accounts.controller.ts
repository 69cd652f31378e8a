import {
  JwtGuard,
  Public,
  RequireRecentLogin,
  RequireScopes,
  type LoginAge,
} from '@jwt-auth/jwt-core';
import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Headers,
  HttpCode,
  Post,
  Res,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { ACCOUNT_SCOPE } from '../built-in-access.js';
import { RequestOrigin, type Origin } from '../audit/origin.js';
import { prefersRepresentation } from '../prefer.js';
import { CurrentUser, type SessionUser } from '../users/current-user.decorator.js';
import {
  Accepted,
  Deletion,
  EmailChange,
  ForgottenPassword,
  LinkRequest,
  PasswordReset,
} from './accounts.schema.js';
import { ApiNeedsMail } from './accounts.errors.js';
import { AccountDeletionService } from './account-deletion.service.js';
import { AccountExportService } from './account-export.service.js';
import { EmailService } from './email.service.js';
import { PasswordRecoveryService } from './password-recovery.service.js';

/** The longest age of a login that may change the e-mail of an account or delete the account. */
const TAKEOVER_LOGIN_AGE: LoginAge = '15m';

@ApiTags('accounts')
@Controller('auth')
@UseGuards(JwtGuard)
export class AccountsController {
  constructor(
    private readonly emails: EmailService,
    private readonly recovery: PasswordRecoveryService,
    private readonly deletion: AccountDeletionService,
    private readonly exports: AccountExportService,
  ) {}

  @Get('me/export')
  @RequireScopes(ACCOUNT_SCOPE)
  @Header('cache-control', 'no-store')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Everything that is kept of my account, as a file' })
  @ApiOkResponse({ content: { 'application/json': { schema: { type: 'object' } } } })
  async export(
    @CurrentUser() caller: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<StreamableFile> {
    return new StreamableFile(await this.exports.start(caller, origin), {
      type: 'application/json; charset=utf-8',
      disposition: 'attachment; filename="account.json"',
    });
  }

  @Delete('me')
  @RequireScopes(ACCOUNT_SCOPE)
  @RequireRecentLogin(TAKEOVER_LOGIN_AGE)
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Delete my account; a link that is mailed restores it for 7 days' })
  @ApiHeader({
    name: 'prefer',
    required: false,
    description: '`return=representation` (RFC 7240): answer with 200, and until when that is',
  })
  @ApiOkResponse({ standardSchema: Deletion })
  @ApiNoContentResponse()
  async delete(
    @CurrentUser() caller: SessionUser,
    @RequestOrigin() origin: Origin,
    @Headers('prefer') prefer: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Deletion | undefined> {
    const deleteAt = await this.deletion.request(caller, origin);
    if (!prefersRepresentation(prefer)) return undefined;
    reply.status(200).header('preference-applied', 'return=representation');
    return { deleteAt: deleteAt.toISOString() };
  }

  @Post('account/restore')
  @Public()
  @HttpCode(204)
  @ApiOperation({ summary: 'Take back a deletion, with the token of the link' })
  @ApiNoContentResponse()
  restore(
    @Body({ schema: LinkRequest }) { token }: LinkRequest,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.deletion.restore(token, origin);
  }

  @Post('email/verify')
  @Public()
  @HttpCode(204)
  @ApiOperation({ summary: 'Verify an e-mail, with the token of a link that was mailed there' })
  @ApiNoContentResponse()
  verify(
    @Body({ schema: LinkRequest }) { token }: LinkRequest,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.emails.verify(token, origin);
  }

  @Post('email/verify/resend')
  @RequireScopes(ACCOUNT_SCOPE)
  @HttpCode(202)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Mail the link for the verification again' })
  @ApiNeedsMail()
  @ApiAcceptedResponse({ standardSchema: Accepted })
  async resend(@CurrentUser() caller: SessionUser): Promise<Accepted> {
    await this.emails.requestVerification(caller);
    return {};
  }

  @Post('email/change')
  @RequireScopes(ACCOUNT_SCOPE)
  @RequireRecentLogin(TAKEOVER_LOGIN_AGE)
  @HttpCode(202)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Mail a link to a new e-mail, which confirms the change' })
  @ApiNeedsMail()
  @ApiAcceptedResponse({ standardSchema: Accepted })
  async changeEmail(
    @Body({ schema: EmailChange }) { newEmail }: EmailChange,
    @CurrentUser() user: SessionUser,
  ): Promise<Accepted> {
    await this.emails.requestChange(user, newEmail);
    return {};
  }

  // The contract, `/auth/email/change` and `/confirm`, can be read both ways.
  @Post(['email/change/confirm', 'email/confirm'])
  @Public()
  @HttpCode(204)
  @ApiOperation({ summary: 'Change the e-mail, with the token of the link' })
  @ApiNoContentResponse()
  confirmEmail(
    @Body({ schema: LinkRequest }) { token }: LinkRequest,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.emails.confirmChange(token, origin);
  }

  @Post('password/forgot')
  @Public()
  @HttpCode(202)
  @ApiOperation({ summary: 'Mail a link for a new password, if the e-mail has an account' })
  @ApiAcceptedResponse({ standardSchema: Accepted })
  async forgot(
    @Body({ schema: ForgottenPassword }) { email }: ForgottenPassword,
    @RequestOrigin() origin: Origin,
  ): Promise<Accepted> {
    await this.recovery.request(email, origin);
    return {};
  }

  @Post('password/reset')
  @Public()
  @HttpCode(204)
  @ApiOperation({ summary: 'Set a new password, with the token of the link; ends all sessions' })
  @ApiNoContentResponse()
  reset(
    @Body({ schema: PasswordReset }) { token, newPassword }: PasswordReset,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.recovery.reset(token, newPassword, origin);
  }
}
