import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { ROOT } from '@jwt-auth/dev-stack';
import { describe, expect, it } from 'vitest';

import { filesOf, read } from './files.js';

const FOLDERS = {
  auth: 'apps/auth/src',
  orders: 'apps/orders/src',
  chassis: 'libs/chassis/src',
  core: 'libs/jwt-core/src',
};
const pathOf = (file: string) =>
  file.replace(/^\w+(?=\/)/, (folder) => FOLDERS[folder as keyof typeof FOLDERS] ?? folder);

const ROW = /^\| ([^|]+) \| ([^|]*?) *\| ([^|]+) \| ([^|]*?) *\| ([^|]*?) *\|$/gm;
const rows = [...read('docs/limits.md').matchAll(ROW)]
  .map(([, limit = '', number = '', , where = '', test = '']) => {
    const [file = '', name = ''] = [...where.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    const [shownBy = ''] = [...test.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    const whyNone = /^none: (.+)/.exec(test)?.[1];
    return {
      limit: limit.trim(),
      number,
      file: pathOf(file),
      name,
      test: pathOf(shownBy),
      whyNone,
    };
  })
  .filter(({ limit }) => limit !== 'limit' && !limit.startsWith('-'));

const UNITS: Readonly<Record<string, number>> = {
  ...{ s: 1_000, min: 60_000, h: 3_600_000, days: 86_400_000 },
  ...{ bytes: 1, KiB: 1_024, MiB: 1_048_576 },
};

/** `16 KiB` in bytes, `10 s` in milliseconds, and anything else as it stands. */
function numberOf(words: string): number {
  const [, digits = '', unit = ''] = /^([\d.,]+)(?: (\w+))?/.exec(words) ?? [];
  return Number(digits.replaceAll(',', '')) * (UNITS[unit] ?? 1);
}

/** The value of a constant, or of a member of one, in bytes, milliseconds or as it stands. */
function constantOf(source: string, name: string): number {
  const [first = '', member] = name.split('.');
  const from = source.search(new RegExp(`\\b${first} ?[=:]`));
  const written = new RegExp(`\\b${member ?? first} ?[=:] ([\\d_ *.]+)`);
  const [, product = ''] = written.exec(from < 0 ? '' : source.slice(from)) ?? [];
  const [base = '', ...powers] = product.replaceAll('_', '').split('**');
  const value = powers.reduce(
    (sum, power) => sum ** Number(power),
    base.split('*').reduce((sum, factor) => sum * Number(factor), 1),
  );
  const [, unit = ''] = /(seconds|kib|mib)$/i.exec(name) ?? [];
  return value * ({ seconds: 1_000, kib: 1_024, mib: 1_048_576 }[unit.toLowerCase()] ?? 1);
}

/** Constants that say by their name that they bound something. */
const BOUND = /\bconst ((?:MAX|MOST|LONGEST)_[A-Z_\d]+|(?:max|most|longest)[A-Z]\w*) = \d/g;
const OF_TESTS = /(?:[.-]spec|\.fixture)\.ts$|\/(?:testing|test-issuer|attack)\//;
/** Largest values of types, of Postgres and of node. */
const OF_TYPES = ['MAX_BIGINT', 'MAX_XID', 'MAX_EXPONENT', 'MAX_TIMER_MS'];

describe('docs/limits.md', () => {
  it('has tables', () => {
    expect(rows.length).toBeGreaterThan(100);
  });

  it.each(rows.filter(({ name }) => name !== ''))('$limit: $number is $name', (row) => {
    expect(constantOf(read(row.file), row.name)).toBe(numberOf(row.number));
  });

  it('names files that exist', () => {
    const files = rows.map(({ file }) => file).filter((file) => file !== '');
    expect(files.filter((file) => !existsSync(resolve(ROOT, file)))).toEqual([]);
  });

  it('names a test that exists for each limit, or says why there is none', () => {
    const isShown = (test: string) => test !== '' && existsSync(resolve(ROOT, test));
    const missing = rows.filter(({ test, whyNone }) => !isShown(test) && whyNone === undefined);
    expect(missing).toEqual([]);
  });

  it('names every constant that is a maximum', () => {
    const named = new Set(rows.map(({ file, name }) => `${file} ${name}`));
    const folders = [...Object.values(FOLDERS), 'libs/browser/src'];
    const files = folders.flatMap((folder) => filesOf(folder));
    const bounds = files
      .filter((file) => file.endsWith('.ts') && !OF_TESTS.test(file))
      .flatMap((file) => [...read(file).matchAll(BOUND)].map(([, name]) => `${file} ${name}`));
    expect(bounds.length).toBeGreaterThan(50);
    const ofSystem = bounds.filter((bound) => !OF_TYPES.some((name) => bound.endsWith(` ${name}`)));
    expect(ofSystem.filter((bound) => !named.has(bound))).toEqual([]);
  });
});
