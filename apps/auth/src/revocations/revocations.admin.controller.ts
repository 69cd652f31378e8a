import { PageQuery, type Page } from '@jwt-auth/chassis';
import { CurrentPrincipal, type Principal } from '@jwt-auth/jwt-core';
import type { RevokedToken } from '@jwt-auth/jwt-core/postgres';
import { Body, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { AdminController } from '../access/admin-controller.decorator.js';
import {
  RevocationAdminPage,
  RevocationAnswer,
  RevocationRequest,
} from './revocations.admin.schema.js';
import { RevocationsAdminService } from './revocations.admin.service.js';

@AdminController('revocations')
export class RevocationsAdminController {
  constructor(private readonly revocations: RevocationsAdminService) {}

  @Get()
  @ApiOperation({ summary: 'What is revoked, the latest first' })
  @ApiOkResponse({ standardSchema: RevocationAdminPage })
  async list(@Query({ schema: PageQuery }) query: PageQuery): Promise<Page<RevocationAnswer>> {
    const { items, nextCursor } = await this.revocations.list(query);
    return { items: items.map(revocationAnswer), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Revoke a token, a session, the tokens of a client, or a signing key' })
  @ApiCreatedResponse({ standardSchema: RevocationAnswer })
  async add(
    @Body({ schema: RevocationRequest }) revocation: RevocationRequest,
    @CurrentPrincipal() { subject: actor }: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<RevocationAnswer> {
    return revocationAnswer(await this.revocations.add(revocation, { actor, origin }));
  }
}

function revocationAnswer({ kind, id, exp, before, createdAt }: RevokedToken): RevocationAnswer {
  const instant = before === null ? {} : { before };
  return { kind, id, exp, ...instant, createdAt: createdAt.toISOString() };
}
