import { RouteOptions, type Page } from '@jwt-auth/chassis';
import {
  Body,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { AdminController } from '../admin-controller.decorator.js';
import { ByCaller, type DoneBy } from '../audit/origin.js';
import {
  GeneratedPassword,
  NewUserRequest,
  UserPasswordReset,
  UserAnswer,
  userAnswer,
  UserChangeRequest,
  UserPage,
  UserQuery,
} from './users.admin.schema.js';
import { MAX_CLAIMS_REQUEST_BYTES } from '../custom-claims.js';
import { UsersAdminService } from './users.admin.service.js';

@AdminController('users')
export class UsersAdminController {
  constructor(private readonly users: UsersAdminService) {}

  @Get()
  @ApiOperation({ summary: 'Users, the latest first; with `email`, those whose e-mail begins so' })
  @ApiOkResponse({ standardSchema: UserPage })
  async list(@Query({ schema: UserQuery }) query: UserQuery): Promise<Page<UserAnswer>> {
    const { items, nextCursor } = await this.users.list(query);
    return { items: items.map(userAnswer), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Create a user' })
  @ApiCreatedResponse({ standardSchema: UserAnswer })
  async create(
    @Body({ schema: NewUserRequest }) user: NewUserRequest,
    @ByCaller() by: DoneBy,
  ): Promise<UserAnswer> {
    return userAnswer(await this.users.create(user, by));
  }

  @Get(':id')
  @ApiOperation({ summary: 'A user' })
  @ApiOkResponse({ standardSchema: UserAnswer })
  async get(@Param('id') id: string): Promise<UserAnswer> {
    return userAnswer(await this.users.get(id));
  }

  @Patch(':id')
  @RouteOptions({ bodyLimitBytes: MAX_CLAIMS_REQUEST_BYTES })
  @ApiOperation({ summary: 'Disable or enable a user, or change roles or claims' })
  @ApiOkResponse({ standardSchema: UserAnswer })
  async change(
    @Param('id') id: string,
    @Body({ schema: UserChangeRequest }) change: UserChangeRequest,
    @ByCaller() by: DoneBy,
  ): Promise<UserAnswer> {
    return userAnswer(await this.users.change(id, change, by));
  }

  @Put(':id/password')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Replace the password of another user, and end all sessions' })
  @ApiOkResponse({
    standardSchema: GeneratedPassword,
    description: 'No password was given: this one was generated, and is shown this once',
  })
  @ApiNoContentResponse({ description: 'The password is the given one' })
  async resetPassword(
    @Param('id') id: string,
    @Body({ schema: UserPasswordReset }) { password: given }: UserPasswordReset,
    @ByCaller() by: DoneBy,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GeneratedPassword | undefined> {
    const password = await this.users.resetPassword(id, given, by);
    if (password !== undefined) return { password };
    void reply.status(204);
    return undefined;
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a user: all rows, and all tokens at once' })
  @ApiNoContentResponse()
  delete(@Param('id') id: string, @ByCaller() by: DoneBy): Promise<void> {
    return this.users.delete(id, by);
  }
}
