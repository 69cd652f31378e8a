import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { ROOT } from '@jwt-auth/dev-stack';
import { describe, expect, it } from 'vitest';

import { read } from './files.js';

/** How many requirements each section of ASVS 5.0.0 has. */
const SECTIONS = {
  ...{ '6.1': 3, '6.2': 12, '6.3': 8, '6.4': 6, '6.5': 8, '6.6': 4, '6.7': 2, '6.8': 4 },
  ...{ '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 3, '7.6': 2 },
};
const requirements = Object.entries(SECTIONS)
  .sort(([one], [other]) => one.localeCompare(other))
  .flatMap(([section, count]) =>
    Array.from({ length: count }, (_, index) => `${section}.${index + 1}`),
  );

/** A file with tests, and the names of some of them. */
const EVIDENCE = /`(?<file>[\w./-]+\.(?:\w+-)?spec\.ts)` (?<titles>“[^”]+”(?:, “[^”]+”)*)/g;

const rows = [...read('docs/asvs.md').matchAll(/^\| (\d\.\d\.\d+) +\| ([^|]+)\| ([^|]+)\|$/gm)].map(
  ([, number = '', words = '', shownBy = '']) => ({ number, words: words.trim(), shownBy }),
);

describe('docs/asvs.md', () => {
  it('has each requirement of the chapters V6 and V7 once, in their order', () => {
    expect(requirements).toHaveLength(66);
    expect(rows.map(({ number }) => number)).toEqual(requirements);
  });

  it.each(rows)('$number names a test or a page, or says why not', ({ shownBy }) => {
    const evidence = [...shownBy.matchAll(EVIDENCE)];
    const reason = /(?:not met|does not apply)[^|]*, because \w+/.test(shownBy);
    expect(evidence.length > 0 || reason || /\]\([\w-]+\.md/.test(shownBy)).toBe(true);
    for (const { groups: { file = '', titles = '' } = {} } of evidence) {
      expect(existsSync(resolve(ROOT, file)), file).toBe(true);
      const tests = read(file);
      for (const [, title = ''] of titles.matchAll(/“([^”]+)”/g)) {
        expect(tests, file).toContain(`'${title}`);
      }
    }
  });

  it.each(rows)('$number names no file of tests without one of its tests', ({ shownBy }) => {
    const named = shownBy.match(/`[\w./-]+spec\.ts`/g) ?? [];
    expect(named).toHaveLength([...shownBy.matchAll(EVIDENCE)].length);
  });
});
