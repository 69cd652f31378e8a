import type { DataSource } from 'typeorm';

import type { AuditEvent } from './audit-event.entity.js';

const BATCH = 1_000;

/** The next events in the order of their time. Microseconds, which a Date does not have. */
const NEXT = `
  SELECT id, at, action, actor, subject, address, request_id AS "requestId", detail,
    (extract(epoch FROM at) * 1000000)::bigint AS microseconds
  FROM audit_events
  WHERE (at, id) > (timestamptz 'epoch' + $1 * interval '1 microsecond', $2::bigint) AND at < $3
  ORDER BY at, id LIMIT $4`;

/**
 * The events from `since` until just before `until`, the earliest first. Read in batches, so that a slow
 * reader holds no transaction open.
 */
export async function* auditEvents(
  dataSource: DataSource,
  since: Date,
  until: Date,
): AsyncGenerator<AuditEvent> {
  // Just before the first one: ids begin at 1.
  let after: [microseconds: string, id: string] = [`${+since}000`, '0'];
  for (;;) {
    const events = await dataSource.query<(AuditEvent & { microseconds: string })[]>(NEXT, [
      ...after,
      until,
      BATCH,
    ]);
    for (const { microseconds, ...event } of events) {
      yield event;
      after = [microseconds, event.id];
    }
    if (events.length < BATCH) return;
  }
}
