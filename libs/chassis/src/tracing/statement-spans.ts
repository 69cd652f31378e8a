import { SpanKind } from '@opentelemetry/api';
import type pg from 'pg';

import { inSpan } from './spans.js';

/** The table of a statement that TypeORM writes, always quoted. A column has a point after its table. */
const TABLE = /\b(?:FROM|INTO|UPDATE) "(\w+)"(?!\.)/;

/** A statement as `pg` takes it. */
interface Query {
  readonly name?: unknown;
  readonly text?: unknown;
}

/** What a span says of a statement: never its text, which may have values. */
export function summaryOf({ name, text }: Query) {
  const sql = typeof text === 'string' ? text : '';
  const operation = (/^\W*([a-z]+)/i.exec(sql)?.[1] ?? '_OTHER').toUpperCase();
  if (typeof name === 'string') return { name, operation, table: undefined };
  const table = TABLE.exec(sql)?.[1];
  return { name: table === undefined ? operation : `${operation} ${table}`, operation, table };
}

/**
 * Runs a query as a span by OpenTelemetry's semantic conventions for databases, if it gives a promise:
 * the end of one with a callback is not seen here.
 */
export function inStatementSpan(client: pg.Client, query: unknown, run: () => unknown): unknown {
  return inSpan(() => {
    const { name, operation, table } = summaryOf(
      typeof query === 'string' ? { text: query } : (query ?? {}),
    );
    return {
      name,
      kind: SpanKind.CLIENT,
      attributes: {
        'db.system.name': 'postgresql',
        'db.namespace': client.database,
        'db.operation.name': operation,
        'db.collection.name': table,
        'server.address': client.host,
        'server.port': client.port,
      },
    };
  }, run);
}
