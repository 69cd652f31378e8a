import { CurrentPrincipal, JwtGuard, RequireScopes, type Principal } from '@jwt-auth/jwt-core';
import { Body, Controller, Get, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import {
  NewServiceNameEntry,
  ServiceNameEntryAnswer,
  ServiceNamePageAnswer,
  ServiceNameQuery,
} from './service-name.schema.js';
import { ServiceNameService } from './service-name.service.js';

/** The entries of the caller. */
@ApiTags('service-name')
@ApiBearerAuth()
@Controller('service-name')
@UseGuards(JwtGuard)
export class ServiceNameController {
  constructor(private readonly entries: ServiceNameService) {}

  @Post()
  @RequireScopes('service-name:write')
  @ApiOperation({ summary: 'Add an entry' })
  @ApiCreatedResponse({ standardSchema: ServiceNameEntryAnswer })
  add(
    @CurrentPrincipal() owner: Principal,
    @Body({ schema: NewServiceNameEntry }) entry: NewServiceNameEntry,
  ) {
    return this.entries.add(owner.subject, entry);
  }

  @Get()
  @RequireScopes('service-name:read')
  @ApiOperation({ summary: "List one's entries" })
  @ApiOkResponse({ standardSchema: ServiceNamePageAnswer })
  list(
    @CurrentPrincipal() owner: Principal,
    @Query({ schema: ServiceNameQuery }) query: ServiceNameQuery,
  ) {
    return this.entries.list(owner.subject, query);
  }

  @Get(':id')
  @RequireScopes('service-name:read')
  @ApiOperation({ summary: "Read one of one's entries" })
  @ApiOkResponse({ standardSchema: ServiceNameEntryAnswer })
  find(@CurrentPrincipal() owner: Principal, @Param('id') id: string) {
    return this.entries.find(owner.subject, id);
  }
}
