import { SpanKind } from '@opentelemetry/api';
import type pg from 'pg';

import { inSpan } from './spans.js';

/** What a span says of a statement: never its text, which may have values. */
export interface StatementSummary {
  /** The first word, or the last one that changes rows in a statement that begins with `WITH`. */
  readonly operation: string;
  /** The table of that change, or the first one that is named. */
  readonly table: string | undefined;
}

/** More than an app has. Texts that are made at run time, with lists of places, must not fill memory. */
const MOST_KNOWN = 1_000;
const known = new Map<string, StatementSummary>();

const LITERALS_AND_COMMENTS = /'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|\/\*.*?\*\//gs;
const NAME = /(?:ONLY\s+)?(?:"?\w+"?\.)?"?([a-z_]\w*)"?/.source;
/** Not in `FOR UPDATE`, `DO UPDATE`. */
const UPDATE = /(?<!\b(?:FOR|KEY|DO|ON)\s+)\bUPDATE/.source;
/** Not in `IS DISTINCT FROM`, `extract(epoch FROM …)`, nor of a function. */
const FROM = `${/(?<!\bDISTINCT\s+|\(\s*\w+\s+)\bFROM\s+/.source}${NAME}${/\b(?!\s*\()/.source}`;
const CHANGE = new RegExp(
  `\\b(INSERT)\\s+INTO\\s+${NAME}|(${UPDATE}|\\bDELETE)\\s+(?:FROM\\s+)?${NAME}`,
  'gi',
);
const TABLE = new RegExp(`${FROM}|(?:\\bINTO|${UPDATE}|\\bTABLE)\\s+${NAME}`, 'i');

export function summaryOf(text: string): StatementSummary {
  let summary = known.get(text);
  if (summary === undefined) {
    summary = summarize(text.replace(LITERALS_AND_COMMENTS, ' '));
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(text, summary);
  }
  return summary;
}

function summarize(text: string): StatementSummary {
  const operation = (/^[\s(;]*([a-z]+)/i.exec(text)?.[1] ?? '_OTHER').toUpperCase();
  const [, from, changes] = TABLE.exec(text) ?? [];
  const table = from ?? changes;
  if (operation !== 'WITH') return { operation, table };
  const [, insert, inserted, change, changed] = [...text.matchAll(CHANGE)].at(-1) ?? [];
  const verb = insert ?? change;
  if (verb === undefined) return { operation: 'SELECT', table };
  return { operation: verb.toUpperCase(), table: inserted ?? changed };
}

/**
 * Runs a query as a span by OpenTelemetry's semantic conventions for databases, if it gives a promise:
 * the end of one with a callback is not seen here.
 */
export function inStatementSpan(client: pg.Client, query: unknown, run: () => unknown): unknown {
  const text = typeof query === 'string' ? query : (query as { text?: unknown } | null)?.text;
  return inSpan(() => {
    const { operation, table } = summaryOf(typeof text === 'string' ? text : '');
    return {
      name: table === undefined ? operation : `${operation} ${table}`,
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
