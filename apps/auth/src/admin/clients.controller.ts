import { CurrentPrincipal, JwtGuard, RequireRoles, type Principal } from '@jwt-auth/jwt-core';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import {
  ClientId,
  ClientList,
  CreatedClient,
  CreatedSecret,
  NewClient,
} from '../clients/clients.schema.js';
import { ClientsService } from '../clients/clients.service.js';

/** Services that authenticate themselves with a secret. */
@ApiTags('administration')
@ApiBearerAuth()
@Controller('admin/clients')
@UseGuards(JwtGuard)
@RequireRoles('admin')
export class ClientsController {
  constructor(private readonly clients: ClientsService) {}

  @Get()
  @ApiOperation({ summary: 'The clients, without their secrets' })
  @ApiOkResponse({ standardSchema: ClientList })
  async list(): Promise<ClientList> {
    const clients = await this.clients.list();
    return clients.map(({ client: { id, name, grants, scopes, createdAt }, secrets }) => ({
      ...{ id, name, grants, scopes, createdAt: createdAt.toISOString() },
      secrets: secrets.map((secret) => ({
        id: secret.id,
        createdAt: secret.createdAt.toISOString(),
      })),
    }));
  }

  @Post()
  @ApiOperation({ summary: 'Make a client. Its secret is shown this once' })
  @ApiCreatedResponse({ standardSchema: CreatedClient })
  async create(
    @Body({ schema: NewClient }) newClient: NewClient,
    @CurrentPrincipal() admin: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<CreatedClient> {
    const change = { actor: admin.subject, origin };
    const { client, secret } = await this.clients.create(newClient, change);
    const { id, name, grants, scopes, createdAt } = client;
    return { id, name, grants, scopes, secret, createdAt: createdAt.toISOString() };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End a client and all its tokens, everywhere and at once' })
  @ApiNoContentResponse()
  disable(
    @Param('id', { schema: ClientId }) id: string,
    @CurrentPrincipal() admin: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.clients.disable(id, { actor: admin.subject, origin });
  }

  @Post(':id/secrets')
  @ApiOperation({ summary: 'A second secret beside the first, until all its services know it' })
  @ApiCreatedResponse({ standardSchema: CreatedSecret })
  async addSecret(
    @Param('id', { schema: ClientId }) clientId: string,
    @CurrentPrincipal() admin: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<CreatedSecret> {
    const change = { actor: admin.subject, origin };
    const { id, secret, createdAt } = await this.clients.addSecret(clientId, change);
    return { id, secret, createdAt: createdAt.toISOString() };
  }

  @Delete(':id/secrets/:secretId')
  @HttpCode(204)
  @ApiOperation({ summary: 'End a secret' })
  @ApiNoContentResponse()
  removeSecret(
    @Param('id', { schema: ClientId }) id: string,
    @Param('secretId', { schema: ClientId }) secretId: string,
    @CurrentPrincipal() admin: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.clients.removeSecret(id, secretId, { actor: admin.subject, origin });
  }
}
