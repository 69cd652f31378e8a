import { withClient } from '../postgres/with-client.js';

/** One line for each part of the schema `public`. Neither the order of columns nor white space in functions counts. */
const PARTS = `
  WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = 'public'),
  tables AS (
    SELECT c.oid, c.relname AS name, c.relkind FROM pg_class AS c, here
    WHERE c.relnamespace = here.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  ),
  parts AS (
    SELECT format('relation %s %s', relkind, name) AS part FROM tables
    UNION ALL
    SELECT concat_ws(' ', 'column', tables.name || '.' || attname,
      format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
      'DEFAULT ' || pg_get_expr(adbin, adrelid), 'GENERATED ' || nullif(attgenerated::text, ''),
      'IDENTITY ' || nullif(attidentity::text, ''), 'COLLATE ' || collname)
    FROM tables JOIN pg_attribute ON attrelid = tables.oid
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE attnum > 0 AND NOT attisdropped AND relkind <> 'S'
    UNION ALL
    SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid),
      CASE WHEN NOT indisvalid THEN 'INVALID' END)
    FROM tables JOIN pg_index ON indrelid = tables.oid
    UNION ALL
    -- Postgres 18 lists NOT NULL here as well; the columns have it already, and triggers are below.
    SELECT concat_ws(' ', 'constraint', tables.name, conname, pg_get_constraintdef(c.oid),
      CASE WHEN NOT convalidated THEN 'INVALID' END)
    FROM tables JOIN pg_constraint AS c ON conrelid = tables.oid WHERE contype NOT IN ('n', 't')
    UNION ALL
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), 'ENABLED ' || tgenabled::text)
    FROM tables JOIN pg_trigger AS t ON tgrelid = tables.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT regexp_replace('function ' || pg_get_functiondef(p.oid), '\\s+', ' ', 'g')
    FROM pg_proc AS p, here WHERE pronamespace = here.oid
    UNION ALL
    SELECT concat_ws(' ', 'type', typname, typtype, string_agg(enumlabel, ',' ORDER BY enumsortorder))
    FROM here JOIN pg_type AS t ON typnamespace = here.oid LEFT JOIN pg_enum ON enumtypid = t.oid
    WHERE typtype IN ('e', 'd') GROUP BY typname, typtype
  )
  SELECT part FROM parts ORDER BY part COLLATE "C"`;

/**
 * What a database is made of: tables, columns, defaults, indexes, constraints, triggers, functions.
 * Two databases with the same lines have the same schema.
 */
export function schemaOf(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ part: string }>(PARTS);
    return rows.map(({ part }) => part);
  });
}
