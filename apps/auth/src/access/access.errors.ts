import type { InputFault, Problem } from '@jwt-auth/jwt-core';

/**
 * Why a request about resources, scopes or roles is refused.
 *
 * - `invalid_target`: there is no such resource, or the session is not for it (RFC 8707 section 2).
 * - `invalid_access`: unusable names in the input, such as an unknown scope: see `faults`.
 * - `resource_not_found`, `role_not_found`
 * - `already_exists`: a resource with this audience, or a role with this name.
 * - `built_in`: auth needs it: it cannot be removed, or lose this.
 */
export type AccessModelErrorCode =
  | 'invalid_target'
  | 'invalid_access'
  | 'resource_not_found'
  | 'role_not_found'
  | 'already_exists'
  | 'built_in';

interface AccessModelErrorOptions extends ErrorOptions {
  readonly faults?: readonly InputFault[];
}

export class AccessModelError extends Error {
  override readonly name = 'AccessModelError';
  readonly faults: readonly InputFault[] | undefined;

  constructor(
    readonly code: AccessModelErrorCode,
    message: string,
    { faults, ...options }: AccessModelErrorOptions = {},
  ) {
    super(message, options);
    this.faults = faults;
  }
}

const PROBLEMS: Readonly<Record<AccessModelErrorCode, Problem>> = {
  invalid_target: {
    status: 400,
    code: 'invalid_target',
    detail: 'There is no such resource, or the session is not for it',
  },
  invalid_access: { status: 400, code: 'invalid_input' },
  resource_not_found: { status: 404, code: 'not_found' },
  role_not_found: { status: 404, code: 'not_found' },
  already_exists: { status: 409, code: 'conflict', detail: 'There is one already' },
  built_in: { status: 409, code: 'conflict', detail: 'Auth itself needs this' },
};

/** The HTTP answer to an error of this domain. */
export function accessModelProblem(error: unknown): Problem | undefined {
  if (!(error instanceof AccessModelError)) return undefined;
  const problem = PROBLEMS[error.code];
  return error.faults ? { ...problem, errors: error.faults } : problem;
}

/**
 * A body may repeat the key of its path.
 *
 * @throws AccessModelError `invalid_access` if it names another one
 */
export function demandSameKey(path: string, key: string, given: string | undefined): void {
  if (given === undefined || given === key) return;
  const message = 'must be that of the path';
  throw new AccessModelError('invalid_access', message, { faults: [{ path, message }] });
}
