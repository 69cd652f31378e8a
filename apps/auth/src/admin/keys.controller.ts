import { CurrentPrincipal, type Principal } from '@jwt-auth/jwt-core';
import { Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { KeyLife } from '../keys/key-life.js';
import type { SigningKey } from '../keys/signing-key.entity.js';
import { AdminController } from './admin-controller.decorator.js';
import { KeyAnswer, Kid } from './keys.schema.js';

/** Signing keys, as far as anybody may see them. */
@AdminController('keys')
export class KeysController {
  constructor(private readonly keyLife: KeyLife) {}

  @Get()
  @ApiOperation({ summary: 'Every signing key there ever was, without its material' })
  @ApiOkResponse({ standardSchema: z.array(KeyAnswer) })
  async list() {
    return (await this.keyLife.list()).map(keyAnswer);
  }

  @Post('rotate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sign with the published next key from now on' })
  @ApiOkResponse({ standardSchema: z.array(KeyAnswer) })
  async rotate(@CurrentPrincipal() admin: Principal, @RequestOrigin() origin: Origin) {
    await this.keyLife.rotate({ actor: admin.subject, origin });
    return this.list();
  }

  @Post(':kid/withdraw')
  @HttpCode(200)
  @ApiOperation({ summary: 'End a key that someone else may have, everywhere and at once' })
  @ApiOkResponse({ standardSchema: z.array(KeyAnswer) })
  async withdraw(
    @Param('kid', { schema: Kid }) kid: string,
    @CurrentPrincipal() admin: Principal,
    @RequestOrigin() origin: Origin,
  ) {
    await this.keyLife.withdraw(kid, { actor: admin.subject, origin });
    return this.list();
  }
}

/** Member by member: nothing else of a row leaves. */
function keyAnswer({ kid, state, createdAt, activatedAt, retiredAt }: SigningKey) {
  return { kid, state, createdAt, activatedAt, retiredAt };
}
