/** A `pg_snapshot`: which transactions had ended at the moment it was taken. */
export interface PgSnapshot {
  /** `xmax`: no transaction from this id on had ended. */
  readonly xmax: bigint;
  /** `xip`: the smaller ids whose transactions had not ended either, ascending. */
  readonly open: readonly bigint[];
}

const form = /^\d{1,20}:(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/;

/**
 * Reads the text form of a `pg_snapshot`, `xmin:xmax:xip,…`. The ids are 64 bits long (`xid8`).
 *
 * @throws TypeError when it is none.
 */
export function parseSnapshot(text: string): PgSnapshot {
  const [, xmax, xip] = form.exec(text) ?? [];
  if (xmax === undefined || xip === undefined) throw new TypeError('Not a pg_snapshot');
  return { xmax: BigInt(xmax), open: xip === '' ? [] : xip.split(',').map(BigInt) };
}
