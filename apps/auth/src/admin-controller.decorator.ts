import { JwtGuard, RequireRecentLogin, RequireRoles, RequireScopes } from '@jwt-auth/jwt-core';
import { applyDecorators, Controller, RequestMethod, UseGuards } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { ADMIN_ROLE, ADMIN_SCOPE } from './built-in-access.js';

/**
 * A controller under `/admin`, all of whose routes are for administrators only. Least privilege: a
 * token without the scope is refused, even if it is an administrator's. Changes need a login, or a step-up,
 * of the last 15 minutes.
 */
export const AdminController = (path: string): ClassDecorator =>
  applyDecorators(
    Controller(`admin/${path}`),
    UseGuards(JwtGuard),
    RequireRoles(ADMIN_ROLE),
    RequireScopes(ADMIN_SCOPE),
    changesNeedRecentLogin,
    ApiTags('administration'),
    ApiBearerAuth(),
  );

/** On each route but those that read, so that no new one is forgotten. */
function changesNeedRecentLogin(target: object): void {
  const { prototype } = target as { readonly prototype: object };
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const method: unknown = Reflect.getMetadata(METHOD_METADATA, descriptor.value as object);
    if (method === undefined || method === RequestMethod.GET) continue;
    RequireRecentLogin('15m')(prototype, name, descriptor);
  }
}
