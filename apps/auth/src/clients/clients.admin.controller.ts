import { RouteOptions, Uuid } from '@jwt-auth/chassis';
import { Body, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
} from '@nestjs/swagger';

import { ByCaller, type DoneBy } from '../audit/origin.js';
import { ClientSecretsService } from './client-secrets.service.js';
import { audiencesOf, type Client } from './client.entity.js';
import {
  ClientAnswer,
  ClientChange,
  ClientList,
  CreatedClient,
  CreatedSecret,
  NewClient,
} from './clients.schema.js';
import { ClientsService } from './clients.service.js';
import { Config } from '../config.js';
import { AdminController } from '../admin-controller.decorator.js';
import { MAX_CLAIMS_REQUEST_BYTES } from '../custom-claims.js';

/** Services that authenticate themselves with a secret. */
@AdminController('clients')
export class ClientsAdminController {
  constructor(
    private readonly clients: ClientsService,
    private readonly secrets: ClientSecretsService,
    private readonly config: Config,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The clients, without their secrets' })
  @ApiOkResponse({ standardSchema: ClientList })
  async list(): Promise<ClientList> {
    const clients = await this.clients.list();
    return clients.map(({ client, secrets }) => ({
      ...this.answer(client),
      secrets: secrets.map(({ id, createdAt }) => ({ id, createdAt: createdAt.toISOString() })),
    }));
  }

  @Post()
  @RouteOptions({ bodyLimitBytes: MAX_CLAIMS_REQUEST_BYTES })
  @ApiOperation({ summary: 'Make a client. Its secret is shown this once' })
  @ApiCreatedResponse({ standardSchema: CreatedClient })
  async create(
    @Body({ schema: NewClient }) newClient: NewClient,
    @ByCaller() by: DoneBy,
  ): Promise<CreatedClient> {
    const traits = { ...newClient, isDisabled: false };
    const { client, secret } = await this.clients.create(traits, by);
    return { ...this.answer(client), secret };
  }

  @Patch(':id')
  @RouteOptions({ bodyLimitBytes: MAX_CLAIMS_REQUEST_BYTES })
  @ApiOperation({
    summary:
      'Change, disable or enable a client. Unless only its name changes, its tokens are dead',
  })
  @ApiOkResponse({ standardSchema: ClientAnswer })
  async change(
    @Param('id', { schema: Uuid }) id: string,
    @Body({ schema: ClientChange }) { disabled, ...change }: ClientChange,
    @ByCaller() by: DoneBy,
  ): Promise<ClientAnswer> {
    const traits = { ...change, ...(disabled !== undefined && { isDisabled: disabled }) };
    return this.answer(await this.clients.change(id, traits, by));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End a client and all its tokens, everywhere and at once' })
  @ApiNoContentResponse()
  delete(@Param('id', { schema: Uuid }) id: string, @ByCaller() by: DoneBy): Promise<void> {
    return this.clients.delete(id, by);
  }

  @Post(':id/secrets')
  @ApiOperation({ summary: 'A second secret beside the first, until all its services know it' })
  @ApiCreatedResponse({ standardSchema: CreatedSecret })
  async addSecret(
    @Param('id', { schema: Uuid }) clientId: string,
    @ByCaller() by: DoneBy,
  ): Promise<CreatedSecret> {
    const { id, secret, createdAt } = await this.secrets.add(clientId, by);
    return { id, secret, createdAt: createdAt.toISOString() };
  }

  @Delete(':id/secrets/:secretId')
  @HttpCode(204)
  @ApiOperation({ summary: 'End a secret' })
  @ApiNoContentResponse()
  removeSecret(
    @Param('id', { schema: Uuid }) id: string,
    @Param('secretId', { schema: Uuid }) secretId: string,
    @ByCaller() by: DoneBy,
  ): Promise<void> {
    return this.secrets.remove(id, secretId, by);
  }

  /** Member by member: nothing else of a row leaves. */
  private answer(client: Client): ClientAnswer {
    const { id, name, grants, scopes, claims, isDisabled, createdAt } = client;
    const audiences = [...audiencesOf(client, this.config.audience)];
    const state = { disabled: isDisabled, createdAt: createdAt.toISOString() };
    return { id, name, grants, scopes, audiences, claims, ...state };
  }
}
