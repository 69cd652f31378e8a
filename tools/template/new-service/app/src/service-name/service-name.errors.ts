import type { Problem } from '@jwt-auth/jwt-core';

/** Why an entry cannot be read: `not_found`, also for an entry of another owner. */
export type ServiceNameErrorCode = 'not_found';

export class ServiceNameError extends Error {
  override readonly name = 'ServiceNameError';

  constructor(
    readonly code: ServiceNameErrorCode,
    message: string,
  ) {
    super(message);
  }
}

const PROBLEMS: Readonly<Record<ServiceNameErrorCode, Problem>> = {
  not_found: { status: 404, code: 'not_found', detail: 'There is no such entry' },
};

/** The HTTP answer to an error of this domain. */
export function serviceNameProblem(error: unknown): Problem | undefined {
  return error instanceof ServiceNameError ? PROBLEMS[error.code] : undefined;
}
