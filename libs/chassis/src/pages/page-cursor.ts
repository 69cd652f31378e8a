import { createHash } from 'node:crypto';

import type { z } from 'zod';

/** The key of the last row of a page, member by member. */
export type Position = readonly string[];

/** A cursor that is not from an answer of the same list. The HTTP answer is 400 `invalid_input`. */
export class PageCursorError extends Error {
  override readonly name = 'PageCursorError';
}

const CHECKSUM_BYTES = 8;

/** An opaque text for a position in the list of this name. */
export function encodeCursor(list: string, position: Position): string {
  const bytes = Buffer.from(JSON.stringify(position));
  return Buffer.concat([checksum(list, bytes), bytes]).toString('base64url');
}

/**
 * The position that a cursor stands for.
 *
 * @param schema what a position of this list looks like. The database must accept everything that the
 *   schema accepts, as a caller can forge a cursor.
 * @throws PageCursorError
 */
export function decodeCursor<P extends Position>(
  list: string,
  cursor: string,
  schema: z.ZodType<P>,
): P {
  const bytes = Buffer.from(cursor, 'base64url');
  const content = bytes.subarray(CHECKSUM_BYTES);
  const isOurs =
    // Decoding skips characters that are not base64url.
    bytes.toString('base64url') === cursor &&
    bytes.subarray(0, CHECKSUM_BYTES).equals(checksum(list, content));
  const position = isOurs ? schema.safeParse(parsed(content)).data : undefined;
  if (!position) throw new PageCursorError(`The cursor is not one of ${list}`);
  return position;
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Detects mistakes, not attacks: a forged cursor shows only rows that its caller may read anyway. */
function checksum(list: string, content: Buffer): Buffer {
  return createHash('sha256')
    .update(`${list}\n`)
    .update(content)
    .digest()
    .subarray(0, CHECKSUM_BYTES);
}
