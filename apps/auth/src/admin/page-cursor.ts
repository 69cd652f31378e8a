import { createHash } from 'node:crypto';

import { AdminError } from './admin-error.js';

/** Where a page of a list ended: the key of its last row, member by member. */
export type Position = readonly string[];

const CHECKSUM_BYTES = 8;

/** An opaque text for a position in the list of that name. */
export function toCursor(list: string, position: Position): string {
  const bytes = Buffer.from(JSON.stringify(position));
  return Buffer.concat([checksum(list, bytes), bytes]).toString('base64url');
}

/**
 * The position that a cursor stands for.
 *
 * @throws AdminError `invalid_cursor` unless it is from an answer to the same question
 */
export function fromCursor(list: string, cursor: string): Position {
  const bytes = Buffer.from(cursor, 'base64url');
  const position = bytes.subarray(CHECKSUM_BYTES);
  const isOurs =
    // Decoding passes over what is not base64url.
    bytes.toString('base64url') === cursor &&
    bytes.subarray(0, CHECKSUM_BYTES).equals(checksum(list, position));
  if (!isOurs) throw new AdminError('invalid_cursor', `The cursor is not one of ${list}`);
  return JSON.parse(position.toString()) as Position;
}

/** Tells mistakes, not attacks: whoever forges a cursor only turns a page that is theirs to read. */
function checksum(list: string, position: Buffer): Buffer {
  return createHash('sha256')
    .update(`${list}\n`)
    .update(position)
    .digest()
    .subarray(0, CHECKSUM_BYTES);
}
