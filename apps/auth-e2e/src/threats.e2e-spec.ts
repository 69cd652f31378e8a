import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** A comment may break a line amid a name. */
const unwrapped = (source: string) => source.replace(/\n\s*(?:\*|\/\/)\s*/g, ' ').toLowerCase();

const quoted =
  /^\| (?<attack>[^|]+?) +\| [^|]+ \| `(?<where>[^`]+)` +\| `(?<test>[^`]+)` in `(?<spec>[^`]+)`/;

interface Row {
  readonly line: string;
  readonly attack: string;
  readonly where: string;
  readonly test: string;
  readonly spec: string;
}

const rows = read('docs/threats.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:attack|---)/.test(line))
  .map((line) => ({ line, ...quoted.exec(line)?.groups }) as Row);

describe('docs/threats.md', () => {
  it('has rows that can be followed', () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter((row) => !('spec' in row))).toEqual([]);
  });

  it.each(rows)(
    'finds "$attack" in $where, and a test that shows it stopped',
    ({ attack, where, test, spec }) => {
      expect(unwrapped(read(where))).toContain(attack.toLowerCase());
      expect(read(spec)).toContain(test);
    },
  );
});
