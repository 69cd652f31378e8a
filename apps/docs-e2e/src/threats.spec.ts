import { describe, expect, it } from 'vitest';

import { filesOf, read } from './files.js';

const TAG = /threat:[a-z][a-z-]*[a-z]/g;

const page = read('docs/threats.md');
const listed = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .flatMap((line) => line.match(TAG) ?? []);

const files = [...filesOf('apps'), ...filesOf('libs')].filter(
  (file) => file.endsWith('.ts') && !file.startsWith('apps/docs-e2e/'),
);
const tagsIn = (wanted: (file: string) => boolean) =>
  files.filter(wanted).flatMap((file) => read(file).match(TAG) ?? []);
const isTest = (file: string) => file.endsWith('spec.ts');
const inSources = new Set(tagsIn((file) => !isTest(file)));
const inTests = new Set(tagsIn(isTest));

describe('docs/threats.md', () => {
  it('lists more than thirty threats, each once', () => {
    expect(listed.length).toBeGreaterThan(30);
    expect(listed).toEqual([...new Set(listed)]);
  });

  it.each(listed)('%s is in a source and in a test', (tag) => {
    expect(inSources).toContain(tag);
    expect(inTests).toContain(tag);
  });

  it('lists every tag of the code', () => {
    const unlisted = [...inSources, ...inTests].filter((tag) => !listed.includes(tag));
    expect(unlisted).toEqual([]);
  });
});
