import type { OrderItem } from './order.entity.js';

/**
 * The sum of an order in minor units. `undefined` when it exceeds what a JSON number carries exactly
 * (2⁵³ - 1).
 */
export function orderTotal(items: readonly OrderItem[]): number | undefined {
  const total = items.reduce(
    (sum, { quantity, unitPrice }) => sum + BigInt(quantity) * BigInt(unitPrice),
    0n,
  );
  return total <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(total) : undefined;
}
