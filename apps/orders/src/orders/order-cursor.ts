import { createHash } from 'node:crypto';

import { OrderError } from './order-error.js';
import type { Order } from './order.entity.js';

/** Where a page ended: its last order, by the key that orders are sorted by. */
export interface OrderPosition {
  readonly createdAt: Date;
  readonly id: string;
}

/** What a list was asked for. A cursor goes on with that question, and no other. */
export interface OrderFilter {
  readonly customerId: string;
  readonly status?: Order['status'] | undefined;
}

// Six bytes of milliseconds reach the year 10889, and no value of theirs is beyond what Postgres
// takes for a time. With the id and the checksum the sum is 40 characters without spare bits.
const TIME_BYTES = 6;
const POSITION_BYTES = TIME_BYTES + 16;
const CHECKSUM_BYTES = 8;
const CURSOR_LENGTH = 40;

/** An opaque text for `position` in the list of `filter`. */
export function toCursor({ createdAt, id }: OrderPosition, filter: OrderFilter): string {
  const position = Buffer.alloc(POSITION_BYTES);
  position.writeUIntBE(createdAt.getTime(), 0, TIME_BYTES);
  position.write(id.replaceAll('-', ''), TIME_BYTES, 'hex');
  return Buffer.concat([position, checksum(position, filter)]).toString('base64url');
}

/**
 * The position that a cursor stands for.
 *
 * @throws OrderError `invalid_cursor` unless it is from an answer to the same question
 */
export function fromCursor(cursor: string, filter: OrderFilter): OrderPosition {
  const bytes = Buffer.from(cursor, 'base64url');
  const position = bytes.subarray(0, POSITION_BYTES);
  const isOurs =
    cursor.length === CURSOR_LENGTH &&
    bytes.subarray(POSITION_BYTES).equals(checksum(position, filter));
  if (!isOurs) throw new OrderError('invalid_cursor', 'The cursor is not one of this list');
  return {
    createdAt: new Date(position.readUIntBE(0, TIME_BYTES)),
    id: position
      .toString('hex', TIME_BYTES)
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  };
}

/** Tells mistakes, not attacks: whoever forges a cursor only turns a page of their own list. */
function checksum(position: Buffer, { customerId, status }: OrderFilter): Buffer {
  return createHash('sha256')
    .update(position)
    .update(JSON.stringify([customerId, status]))
    .digest()
    .subarray(0, CHECKSUM_BYTES);
}
