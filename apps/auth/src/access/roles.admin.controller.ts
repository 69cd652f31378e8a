import { PageQuery, RouteOptions, type Page } from '@jwt-auth/chassis';
import { Body, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
} from '@nestjs/swagger';

import { ByCaller, type DoneBy } from '../audit/origin.js';
import { demandSameKey } from './access.errors.js';
import { MAX_ACCESS_BYTES, NewRole, RoleAnswer, RoleChange, RolePage } from './access.schema.js';
import { AdminController } from '../admin-controller.decorator.js';
import { BUILT_IN_ROLES } from '../built-in-access.js';
import type { Role } from './access.entity.js';
import { RolesAdminService } from './roles.admin.service.js';

/** What users may do. */
@AdminController('roles')
export class RolesAdminController {
  constructor(private readonly roles: RolesAdminService) {}

  @Get()
  @ApiOperation({ summary: 'Roles and their scopes, by name' })
  @ApiOkResponse({ standardSchema: RolePage })
  async list(@Query({ schema: PageQuery }) query: PageQuery): Promise<Page<RoleAnswer>> {
    const { items, nextCursor } = await this.roles.list(query);
    return { items: items.map(roleAnswer), nextCursor };
  }

  @Post()
  @RouteOptions({ bodyLimitBytes: MAX_ACCESS_BYTES })
  @ApiOperation({ summary: 'Add a role' })
  @ApiCreatedResponse({ standardSchema: RoleAnswer })
  async create(
    @Body({ schema: NewRole }) role: NewRole,
    @ByCaller() by: DoneBy,
  ): Promise<RoleAnswer> {
    return roleAnswer(await this.roles.create(role, by));
  }

  @Put(':name')
  @RouteOptions({ bodyLimitBytes: MAX_ACCESS_BYTES })
  @ApiOperation({
    summary:
      'Give a role other scopes, or demand a second factor. Live tokens with what is lost are revoked',
  })
  @ApiOkResponse({ standardSchema: RoleAnswer })
  async change(
    @Param('name') name: string,
    @Body({ schema: RoleChange }) change: RoleChange,
    @ByCaller() by: DoneBy,
  ): Promise<RoleAnswer> {
    demandSameKey('name', name, change.name);
    return roleAnswer(await this.roles.change(name, change, by));
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take a role from all users. Their live tokens are revoked' })
  @ApiNoContentResponse()
  delete(@Param('name') name: string, @ByCaller() by: DoneBy): Promise<void> {
    return this.roles.delete(name, by);
  }
}

function roleAnswer({ name, scopes, requiresMfa }: Role): RoleAnswer {
  return { name, scopes, requiresMfa, builtIn: BUILT_IN_ROLES.includes(name) };
}
