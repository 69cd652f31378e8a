import { JwtGuard, RequireRoles, RequireScopes } from '@jwt-auth/jwt-core';
import { applyDecorators, Controller, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

/**
 * A controller under `/admin`, all of whose routes are for administrators alone. Least privilege: a
 * token that was asked for without the scope is good for nothing here, whoever has it.
 */
export const AdminController = (path: string): ClassDecorator =>
  applyDecorators(
    Controller(`admin/${path}`),
    UseGuards(JwtGuard),
    RequireRoles('admin'),
    RequireScopes('admin'),
    ApiTags('administration'),
    ApiBearerAuth(),
  );
