import { JwtGuard, RequireRoles, RequireScopes } from '@jwt-auth/jwt-core';
import { applyDecorators, Controller, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

/**
 * A controller under `/admin`, all of whose routes are for administrators only. Least privilege: a
 * token without the scope is refused, even if it is an administrator's.
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
