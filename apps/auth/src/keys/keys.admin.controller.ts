import { Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';

import { ByCaller, type DoneBy } from '../audit/origin.js';
import { KeyRotationService } from './key-rotation.service.js';
import type { SigningKey } from './signing-key.entity.js';
import { AdminController } from '../admin-controller.decorator.js';
import { KeyAnswer, Kid } from './keys.schema.js';

/** Signing keys, as far as anybody may see them. */
@AdminController('keys')
export class KeysAdminController {
  constructor(private readonly keyRotation: KeyRotationService) {}

  @Get()
  @ApiOperation({ summary: 'Every signing key there ever was, without its material' })
  @ApiOkResponse({ standardSchema: z.array(KeyAnswer) })
  async list() {
    return (await this.keyRotation.list()).map(keyAnswer);
  }

  @Post('rotate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sign with the published next key from now on' })
  @ApiOkResponse({ standardSchema: z.array(KeyAnswer) })
  async rotate(@ByCaller() by: DoneBy) {
    await this.keyRotation.rotate(by);
    return this.list();
  }

  @Post(':kid/withdraw')
  @HttpCode(200)
  @ApiOperation({ summary: 'End a key that someone else may have, everywhere and at once' })
  @ApiOkResponse({ standardSchema: z.array(KeyAnswer) })
  async withdraw(@Param('kid', { schema: Kid }) kid: string, @ByCaller() by: DoneBy) {
    await this.keyRotation.withdraw(kid, by);
    return this.list();
  }
}

/** Member by member: nothing else of a row leaves. */
function keyAnswer({ kid, state, createdAt, activatedAt, retiredAt }: SigningKey) {
  return { kid, state, createdAt, activatedAt, retiredAt };
}
