import type { Problem } from '@jwt-auth/jwt-core';

import { OrderError, type OrderErrorCode } from './order-error.js';

const PROBLEMS: Readonly<Record<OrderErrorCode, Problem>> = {
  not_found: { status: 404, code: 'not_found', detail: 'There is no such order' },
  not_open: { status: 409, code: 'conflict', detail: 'Only an open order can be cancelled' },
  key_used_for_another_order: {
    status: 409,
    code: 'conflict',
    detail: 'This Idempotency-Key belongs to an order with another content',
  },
};

/** How the errors of orders look from outside. */
export function orderProblem(error: unknown): Problem | undefined {
  return error instanceof OrderError ? PROBLEMS[error.code] : undefined;
}
