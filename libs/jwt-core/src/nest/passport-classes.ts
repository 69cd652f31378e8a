import type { CanActivate, Type } from '@nestjs/common';

/**
 * The classes of passport that the start check knows, if the application has loaded
 * `@jwt-auth/jwt-core/passport`: nothing else of this library needs passport to be installed.
 */
export const passportClasses: {
  /** `AuthGuard('jwt')`, which `@nestjs/passport` makes once. */
  authGuard?: Type<CanActivate>;
  strategy?: Type;
} = {};
