import type { Problem } from '@jwt-auth/jwt-core';

import { BEARER_CHALLENGE } from '../users/users.errors.js';

/**
 * Why a request about second factors is refused.
 *
 * - `wrong_code`: it is wrong, was used before, or is too old.
 * - `wrong_confirmation`: the same for a code that confirms a new factor.
 * - `wrong_passkey`: it is unknown, has signed something else, or its challenge was used before.
 * - `wrong_new_passkey`: the same for a new one.
 * - `too_many_factors`
 * - `enrolment_not_found`: this session has begun none, or too long ago, or another one since.
 * - `factor_not_found`: this user has no such factor.
 * - `factor_required`: a role of the user needs one, and this is the last.
 * - `no_factor`: it is only for users with a second factor.
 */
type FactorsErrorCode =
  | 'wrong_passkey'
  | 'wrong_new_passkey'
  | 'too_many_factors'
  | 'wrong_code'
  | 'wrong_confirmation'
  | 'enrolment_not_found'
  | 'factor_not_found'
  | 'no_factor'
  | 'factor_required';

export class FactorsError extends Error {
  override readonly name = 'FactorsError';

  constructor(
    readonly code: FactorsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const PROBLEMS: Readonly<Record<FactorsErrorCode, Problem>> = {
  wrong_code: {
    status: 401,
    code: 'invalid_code',
    detail: 'It is wrong, or was used before',
    headers: BEARER_CHALLENGE,
  },
  wrong_passkey: { status: 401, code: 'invalid_passkey', headers: BEARER_CHALLENGE },
  wrong_new_passkey: { status: 400, code: 'invalid_passkey' },
  too_many_factors: { status: 409, code: 'conflict', detail: 'Remove a passkey first' },
  wrong_confirmation: {
    status: 400,
    code: 'invalid_code',
    detail: 'It is wrong. Is the clock of the device right?',
  },
  enrolment_not_found: {
    status: 409,
    code: 'conflict',
    detail: 'There is nothing to confirm here: begin again',
  },
  factor_not_found: { status: 404, code: 'not_found' },
  factor_required: {
    status: 409,
    code: 'conflict',
    detail: 'A role needs a second factor, and this is the last one: add another one first',
  },
  no_factor: { status: 409, code: 'conflict', detail: 'There is no second factor' },
};

/** The HTTP answer to an error of this domain. */
export function factorsProblem(error: unknown): Problem | undefined {
  return error instanceof FactorsError ? PROBLEMS[error.code] : undefined;
}
