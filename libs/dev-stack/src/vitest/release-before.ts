import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withClient } from '../postgres/with-client.js';
import { freshDatabase } from './fresh-database.js';
import { schemaOf } from './schema.js';

/** What runs beside this release during an upgrade. */
export interface ReleaseBefore {
  /** Its version, or `2026-11-24-ea871e8`: the date and commit of a state before the first release. */
  readonly name: string;
  /** A script that makes its schema. */
  readonly schema: string;
}

/** @param landed the folder with the schemas of an app, where `release-before.txt` names one of them */
export function releaseBefore(landed: URL): ReleaseBefore {
  const read = (file: string) => readFileSync(new URL(file, landed), 'utf8');
  const name = read('release-before.txt').trim();
  return { name, schema: read(`${name}.sql`) };
}

/**
 * Tests that the database of this release only adds to that of the release before.
 *
 * @param landed as in `releaseBefore`
 * @param migrate brings the database at an address to this release
 */
export function testReleaseBefore(landed: URL, migrate: (url: string) => Promise<unknown>): void {
  it('only has more than the database of the release before', async () => {
    const url = await freshDatabase();
    await withClient(url, (client) => client.query(releaseBefore(landed).schema));
    const before = await schemaOf(url);
    await migrate(url);
    expect(contractions(before, await schemaOf(url))).toEqual([]);
  });
}

/**
 * What a schema takes from the release before, which runs beside this one during an upgrade: tables
 * and columns that are gone or have another type, rules that its rows may break, and what its statements
 * rely on: unique rules (`ON CONFLICT` needs one), defaults, functions, types. What triggers do to them is
 * seen only when both releases run.
 *
 * @param before `schemaOf` a database of the release before
 * @param after `schemaOf` one of this release
 */
export function contractions(before: readonly string[], after: readonly string[]): string[] {
  const columns = new Map(columnsOf(after).map((column) => [column.name, column]));
  const tables = new Set(before.filter((part) => part.startsWith('relation ')));
  const found = [...tables].filter((table) => !after.includes(table)).map((part) => `lost ${part}`);
  const known = new Set<string>();
  for (const { name, type, isRequired, isGenerated, hasDefault } of columnsOf(before)) {
    known.add(name);
    const now = columns.get(name);
    if (now?.type !== type) found.push(`lost column ${name} ${type}`);
    else if (now.isRequired && !isRequired) found.push(`now required: ${name}`);
    else if (now.isGenerated && !isGenerated) found.push(`now generated: ${name}`);
    else if (hasDefault && !now.hasDefault) found.push(`lost default of ${name}`);
  }
  const hasTable = (name: string) => tables.has(`relation r ${name.split('.')[0]}`);
  for (const { name, isRequired } of columns.values()) {
    if (!known.has(name) && hasTable(name) && isRequired) found.push(`new and required: ${name}`);
  }
  for (const part of after.filter((each) => !before.includes(each))) {
    const table =
      /^constraint (\S+) /.exec(part)?.[1] ??
      /^index CREATE UNIQUE INDEX \S+ ON public\.(\S+) /.exec(part)?.[1];
    if (table && hasTable(table)) found.push(`new ${part}`);
  }
  const kept = new Set(after.flatMap((part) => neededOf(part) ?? []));
  for (const part of before) {
    const needed = neededOf(part);
    if (needed && !kept.has(needed)) found.push(`lost ${needed}`);
  }
  return found;
}

/** What statements may rely on of a part that is no table. Of a function: how it is called. */
function neededOf(part: string): string | undefined {
  const isRule = /^index CREATE UNIQUE |^constraint \S+ \S+ (UNIQUE|PRIMARY KEY|EXCLUDE)/.test(
    part,
  );
  if (isRule || part.startsWith('type ')) return part;
  // Its body may change.
  return /^function .+?(?= LANGUAGE )/.exec(part)?.[0];
}

/** @returns for each column its name, its type, and whether an INSERT must name it, or must not */
function columnsOf(schema: readonly string[]) {
  return schema.flatMap((part) => {
    const column =
      /^column (\S+) (.+?)(?= NOT NULL| DEFAULT | GENERATED | IDENTITY | COLLATE |$)/.exec(part);
    if (!column) return [];
    const isRequired = / NOT NULL/.test(part) && !/ (DEFAULT|GENERATED|IDENTITY) /.test(part);
    const isGenerated = / (GENERATED|IDENTITY a)/.test(part);
    const hasDefault = / DEFAULT /.test(part);
    return { name: column[1]!, type: column[2]!, isRequired, isGenerated, hasDefault };
  });
}
