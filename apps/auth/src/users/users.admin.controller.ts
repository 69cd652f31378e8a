import { PageQuery, RouteOptions, type Page } from '@jwt-auth/chassis';
import { CurrentPrincipal, type Principal } from '@jwt-auth/jwt-core';
import { Body, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';

import { AdminController } from '../access/admin-controller.decorator.js';
import { RequestOrigin, type Origin } from '../audit/origin.js';
import type { User } from './user.entity.js';
import { NewUserRequest, UserAnswer, UserChangeRequest, UserPage } from './users.admin.schema.js';
import { UsersAdminService } from './users.admin.service.js';

/** Claims have at most 64 KiB as we store them; the JSON of a request may be longer. */
const MAX_CHANGE_BYTES = 131_072;

@AdminController('users')
export class UsersAdminController {
  constructor(private readonly users: UsersAdminService) {}

  @Get()
  @ApiOperation({ summary: 'Users, the latest first' })
  @ApiOkResponse({ standardSchema: UserPage })
  async list(@Query({ schema: PageQuery }) query: PageQuery): Promise<Page<UserAnswer>> {
    const { items, nextCursor } = await this.users.list(query);
    return { items: items.map(userAnswer), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Create a user' })
  @ApiCreatedResponse({ standardSchema: UserAnswer })
  async create(
    @Body({ schema: NewUserRequest }) user: NewUserRequest,
    @CurrentPrincipal() { subject: actor }: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<UserAnswer> {
    return userAnswer(await this.users.create(user, { actor, origin }));
  }

  @Patch(':id')
  @RouteOptions({ bodyLimitBytes: MAX_CHANGE_BYTES })
  @ApiOperation({ summary: 'Disable or enable a user, or change roles or claims' })
  @ApiOkResponse({ standardSchema: UserAnswer })
  async change(
    @Param('id') id: string,
    @Body({ schema: UserChangeRequest }) change: UserChangeRequest,
    @CurrentPrincipal() { subject: actor }: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<UserAnswer> {
    return userAnswer(await this.users.change(id, change, { actor, origin }));
  }
}

/** Lists the members, so that no other column is ever sent. */
function userAnswer({ id, email, roles, isDisabled, claims, createdAt }: User): UserAnswer {
  return { id, email, roles, disabled: isDisabled, claims, createdAt: createdAt.toISOString() };
}
