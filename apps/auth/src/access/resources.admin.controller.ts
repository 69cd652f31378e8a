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
import {
  MAX_ACCESS_BYTES,
  NewResource,
  ResourceAnswer,
  ResourceChange,
  ResourcePage,
} from './access.schema.js';
import { AdminController } from '../admin-controller.decorator.js';
import type { Resource } from './access.entity.js';
import { ResourcesAdminService } from './resources.admin.service.js';

/** Services that take tokens, and the scopes that they know. */
@AdminController('resources')
export class ResourcesAdminController {
  constructor(private readonly resources: ResourcesAdminService) {}

  @Get()
  @ApiOperation({ summary: 'Resources and their scopes, by audience' })
  @ApiOkResponse({ standardSchema: ResourcePage })
  async list(@Query({ schema: PageQuery }) query: PageQuery): Promise<Page<ResourceAnswer>> {
    const { items, nextCursor } = await this.resources.list(query);
    return { items: items.map((resource) => this.answer(resource)), nextCursor };
  }

  @Post()
  @RouteOptions({ bodyLimitBytes: MAX_ACCESS_BYTES })
  @ApiOperation({ summary: 'Add a resource' })
  @ApiCreatedResponse({ standardSchema: ResourceAnswer })
  async create(
    @Body({ schema: NewResource }) resource: NewResource,
    @ByCaller() by: DoneBy,
  ): Promise<ResourceAnswer> {
    return this.answer(await this.resources.create(resource, by));
  }

  @Put(':audience')
  @RouteOptions({ bodyLimitBytes: MAX_ACCESS_BYTES })
  @ApiOperation({
    summary: 'Give a resource other scopes. Live tokens with a lost one are revoked',
  })
  @ApiOkResponse({ standardSchema: ResourceAnswer })
  async change(
    @Param('audience') audience: string,
    @Body({ schema: ResourceChange }) change: ResourceChange,
    @ByCaller() by: DoneBy,
  ): Promise<ResourceAnswer> {
    demandSameKey('audience', audience, change.audience);
    return this.answer(await this.resources.change(audience, change.scopes, by));
  }

  @Delete(':audience')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a resource and its scopes. Live tokens for it are revoked' })
  @ApiNoContentResponse()
  delete(@Param('audience') audience: string, @ByCaller() by: DoneBy): Promise<void> {
    return this.resources.delete(audience, by);
  }

  private answer({ audience, scopes }: Resource): ResourceAnswer {
    return { audience, scopes: [...scopes], builtIn: this.resources.isBuiltIn(audience) };
  }
}
