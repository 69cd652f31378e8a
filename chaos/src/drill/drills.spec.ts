import { ROOT } from '@jwt-auth/dev-stack';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DRILLS } from './drills.js';

const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8');
const runbook = page('runbook.md');
const names = DRILLS.map(({ name }) => name);

/** The sections of a page by their titles, each without those below it. */
const sections = new Map(
  [...runbook.split(/^(?=#{2,3} )/m), ...page('operations.md').split(/^(?=## )/m)].map(
    (section) => {
      const [title = '', ...lines] = section.split('\n');
      return [title.replace(/^#+ /, ''), lines.join('\n')];
    },
  ),
);
/** The end of the paragraph that says it. */
const drillOf = (title: string) =>
  /\bDrills?:\s((?:(?!\n\n).)+)/s.exec(sections.get(title) ?? '')?.[1];
/** The titles below "When something is broken". */
const [, broken = ''] = /^## When something is broken\n(.*?)^## /ms.exec(runbook) ?? [];
const troubles = [...broken.matchAll(/^### (.*)$/gm)].map(([, title = '']) => title);
const named = (text = '') => [...text.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);

it('has each drill in the table of the runbook', () => {
  const rows = [...sections.get('Drills')!.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name);
  expect(rows).toEqual(names);
});

it.each([
  ...troubles,
  'Upgrade without a pause',
  'Backup, and what a restore forgets',
  'Upgrades and restarts',
])('says which drill shows it: %s', (title) => {
  const drill = drillOf(title);
  expect(drill).toBeDefined();
  expect(names).toEqual(expect.arrayContaining(named(drill)));
});

it('has each drill beside what it shows', () => {
  const all = [...sections.keys()].flatMap((title) => named(drillOf(title)));
  expect([...new Set(all)].sort()).toEqual(names.toSorted());
});
