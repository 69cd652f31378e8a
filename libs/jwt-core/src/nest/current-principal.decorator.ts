import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '../verifier/claims.js';
import { httpRequestOf } from './http-request.js';
import { principalOf } from './request-principal.js';

/** The parameter of a handler that receives the caller: `@CurrentPrincipal() caller: Principal`. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext) =>
  currentPrincipal(context),
);

/** @throws Error on a route where nobody was asked who they are. */
function currentPrincipal(context: ExecutionContext): Principal {
  const principal = principalOf(httpRequestOf(context));
  if (principal) return principal;
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  throw new Error(
    `${handler} takes @CurrentPrincipal(), but its callers are anonymous: the route is @Public(), ` +
      'or no JwtGuard ran before it.',
  );
}
