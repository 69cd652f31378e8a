/** Why nothing came of a wish for an order. */
export type OrderErrorCode = 'not_found' | 'not_open' | 'key_used_for_another_order';

/** Why nothing came of a wish for an order. Switch on `code`. */
export class OrderError extends Error {
  override readonly name = 'OrderError';

  constructor(
    readonly code: OrderErrorCode,
    message: string,
  ) {
    super(message);
  }
}
