import type { Problem } from '@jwt-auth/jwt-core';

/**
 * Why an order cannot be placed, read or cancelled. Switch on `code`.
 *
 * - `not_found`: the customer has no such order.
 * - `not_open`: it was cancelled.
 * - `key_used_for_another_order`: the customer sent the idempotency key with another content.
 */
export type OrdersErrorCode = 'not_found' | 'not_open' | 'key_used_for_another_order';

export class OrdersError extends Error {
  override readonly name = 'OrdersError';

  constructor(
    readonly code: OrdersErrorCode,
    message: string,
  ) {
    super(message);
  }
}

const PROBLEMS: Readonly<Record<OrdersErrorCode, Problem>> = {
  not_found: { status: 404, code: 'not_found', detail: 'There is no such order' },
  not_open: { status: 409, code: 'conflict', detail: 'Only an open order can be cancelled' },
  key_used_for_another_order: {
    status: 409,
    code: 'conflict',
    detail: 'This Idempotency-Key belongs to an order with another content',
  },
};

/** The HTTP answer to an error of this domain. */
export function ordersProblem(error: unknown): Problem | undefined {
  return error instanceof OrdersError ? PROBLEMS[error.code] : undefined;
}
