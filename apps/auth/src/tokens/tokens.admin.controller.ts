import { AccessTokenVerifier, TokenError } from '@jwt-auth/jwt-core';
import { Body, Header, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';

import { AdminController } from '../admin-controller.decorator.js';

/** Any text: what is wrong with it, the verifier says. */
const TokenCheck = z.strictObject({ token: z.string() }).meta({ id: 'TokenCheck' });
type TokenCheck = z.infer<typeof TokenCheck>;

export const TokenVerdict = z
  .object({
    accepted: z.boolean(),
    code: z.string().optional().meta({ description: 'as a service would answer' }),
    reason: z.string().optional().meta({ description: 'what was wrong, for a reader' }),
  })
  .meta({ id: 'TokenVerdict' });
export type TokenVerdict = z.infer<typeof TokenVerdict>;

/** What the verifier says of a token. For administrators only: callers never learn why (RFC 6750). */
@AdminController('tokens')
export class TokensAdminController {
  constructor(private readonly verifier: AccessTokenVerifier) {}

  @Post('check')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether an access token is accepted here now, and why not' })
  @ApiOkResponse({ standardSchema: TokenVerdict })
  async check(@Body({ schema: TokenCheck }) { token }: TokenCheck): Promise<TokenVerdict> {
    try {
      // Not `verify`: the numbers are those of requests.
      const watch = await this.verifier.watch(token);
      const end = watch.endedBy();
      if (end) throw end;
      return { accepted: true };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      return { accepted: false, code: error.code, reason: error.message };
    }
  }
}
