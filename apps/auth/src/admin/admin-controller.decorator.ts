import { JwtGuard, RequireRoles } from '@jwt-auth/jwt-core';
import { applyDecorators, Controller, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

/** A controller under `/admin`, all of whose routes are for administrators alone. */
export const AdminController = (path: string): ClassDecorator =>
  applyDecorators(
    Controller(`admin/${path}`),
    UseGuards(JwtGuard),
    RequireRoles('admin'),
    ApiTags('administration'),
    ApiBearerAuth(),
  );
