import { describe, expect, it } from 'vitest';
import { read } from './files.js';

// A check that needs no build, hence no types.
const script = new URL('../../../.ci/mutation.list.mjs', import.meta.url).href;
const { isGood, leftOver, survivorsIn, takeListed } = (await import(script)) as {
  survivorsIn: (page: string) => string[];
  takeListed: (listed: string[], survivors: string[]) => string[];
  leftOver: (listed: string[], folder: string) => string[];
  isGood: (row: { score: number; unlisted: number; failed: number }, leastScore: number) => boolean;
};

const page = `# Survivors

- \`keys/a.ts\`: \`a < b\` → \`a <= b\`: Same.
- \`keys/a.ts\`: \`a < b\` → \`a <= b\`: Same, at another place.
- \`auth/keys/a.ts\`: \`a\` → \`true\`: Faster.
- another list
`;
const twice = '- `keys/a.ts`: `a < b` → `a <= b`';

describe('the list of survivors', () => {
  it('has a line for each mutant', () => {
    const listed = survivorsIn(page);
    expect(takeListed(listed, [twice, twice])).toEqual([]);
    expect(takeListed(listed, [twice])).toEqual([twice]);
  });

  it('shows what of a folder no longer survives', () => {
    const listed = survivorsIn(page);
    takeListed(listed, [twice]);
    const [, second, ofAuth] = survivorsIn(page);
    expect(leftOver(listed, 'libs/jwt-core/src/keys')).toEqual([second]);
    expect(leftOver(listed, 'apps/auth/src/keys')).toEqual([ofAuth]);
    expect(leftOver(listed, 'apps/auth/src/sessions')).toEqual([]);
  });

  it('names code that is still there', () => {
    const listed = survivorsIn(read('docs/mutation.md'));
    expect(listed.length).toBeGreaterThan(10);
    for (const line of listed) {
      const [, file = '', , before = ''] = /^- `([^`]+)`: (`+)(.+?)\2 → /.exec(line) ?? [];
      const folder = file.startsWith('auth/') ? 'apps/auth/src' : 'libs/jwt-core/src';
      let code = read(`${folder}/${file.replace(/^auth\//, '')}`).replace(/\s+/g, ' ');
      // The middle of a long one is left out.
      for (const part of before.trim().split('…')) {
        expect(code.includes(part), line).toBe(true);
        code = code.slice(code.indexOf(part) + part.length);
      }
    }
  });
});

it.each([
  ['all are killed or listed', { score: 92, unlisted: 0, failed: 0 }, true],
  ['the score is too low', { score: 91.9, unlisted: 0, failed: 0 }, false],
  ['one is not listed', { score: 99, unlisted: 1, failed: 0 }, false],
  ['one could not be tried', { score: 99, unlisted: 0, failed: 1 }, false],
])('a run is judged when %s', (_, row, expected) => {
  expect(isGood(row, 92)).toBe(expected);
});
