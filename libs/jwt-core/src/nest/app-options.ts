import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import type { RefusalCause } from '../http/problem.js';
import type { VerifierOptions } from '../runtime/verifier-options.js';
import type { CredentialOptions } from './credentials.js';
import { resourceFault } from './protected-resource.js';

/** A guard: its class, or the instance that `@UseGuards()` was given. */
export type Guard = Type<CanActivate> | CanActivate;

/** The options that fit the guards into an application. */
export interface AppOptions extends CredentialOptions {
  /**
   * What happens at the start if nothing protects an entry. `refuse`, the default, ends the start;
   * `warn` logs such entries and leaves them open: for the time of a migration. Contradicting
   * decorators end the start in any case, and so do demands that nothing enforces.
   */
  readonly unprotectedRoutes?: 'refuse' | 'warn' | undefined;
  /**
   * Other guards that protect an entry. One that has `JwtGuard` injected is trusted to call it;
   * after every other one `AccessGuard` is needed to enforce `@RequireScopes()` and
   * `@RequireRoles()`.
   */
  readonly guards?: readonly Guard[] | undefined;
  /**
   * The identifier of this service as a protected resource: the address that its clients use, like
   * `https://orders.example.com`. Its metadata is then served at
   * `/.well-known/oauth-protected-resource` (RFC 9728), and challenges name that address.
   */
  readonly resource?: string | undefined;
  /**
   * How long the start of the application waits until the keys and revocations of all issuers have
   * arrived, from 0 to 600,000. It then starts in any case, and refuses tokens until they have.
   * Default: it does not wait, and warns of that.
   */
  readonly waitForIssuerMs?: number | undefined;
  /**
   * Called with each refusal before it is answered, to log or count it. `error.message` names the
   * check that failed, and contains nothing of the token. What it throws is logged and changes
   * nothing. The context is absent behind `AuthGuard('jwt')`.
   */
  onRefused?(this: void, error: RefusalCause, context: ExecutionContext | undefined): unknown;
}

/** The options of `JwtCoreModule`. Only `issuer` and `audience` are required, or `issuers`. */
export type JwtCoreOptions = VerifierOptions & AppOptions;

/** All of them: it does not compile when one is missing. */
export const APP_OPTION_NAMES = Object.keys({
  unprotectedRoutes: true,
  guards: true,
  resource: true,
  waitForIssuerMs: true,
  tokenFrom: true,
  onRefused: true,
} satisfies Record<keyof AppOptions, true>);

const LONGEST_WAIT_MS = 600_000;

/** All that is wrong with them. */
export function appOptionFaults(options: AppOptions, allowHttp: boolean): string[] {
  const { unprotectedRoutes = 'refuse', guards = [], tokenFrom, onRefused, resource } = options;
  const { waitForIssuerMs: waitMs } = options;
  const faults: string[] = [];
  const fault = resource === undefined ? undefined : resourceFault(resource, allowHttp);
  if (fault !== undefined) faults.push(fault);
  if (!['refuse', 'warn'].includes(unprotectedRoutes)) {
    faults.push(`unprotectedRoutes is 'refuse' or 'warn', not ${String(unprotectedRoutes)}`);
  }
  if (!Array.isArray(guards) || !guards.every(isGuard)) {
    faults.push('guards is a list of guards: classes, or objects with canActivate');
  }
  if (waitMs !== undefined && !isWait(waitMs)) {
    faults.push(`waitForIssuerMs is a number from 0 to ${LONGEST_WAIT_MS}, not ${String(waitMs)}`);
  }
  for (const [name, value] of Object.entries({ tokenFrom, onRefused })) {
    if (value !== undefined && typeof value !== 'function')
      faults.push(`${name} is not a function`);
  }
  return faults;
}

/** The comparisons are false for NaN, too. */
function isWait(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= LONGEST_WAIT_MS;
}

function isGuard(value: unknown): boolean {
  const guard = (typeof value === 'function' ? value.prototype : value) as unknown;
  return typeof (guard as Partial<CanActivate> | undefined | null)?.canActivate === 'function';
}

/**
 * Whether a guard, a class or an instance, is of this class or of a derived one.
 */
export function isA(base: Type<CanActivate>): (guard: Guard) => boolean {
  return (guard) =>
    guard === base ||
    ((typeof guard === 'function' ? guard.prototype : guard) as unknown) instanceof base;
}
