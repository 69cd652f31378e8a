import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findApps, ROOT } from './app.js';
import { modificationTimes, SHARED_SOURCES } from './rebuild.js';

interface Manifest {
  readonly name: string;
  readonly dependencies?: object;
  readonly devDependencies?: object;
}

/** The manifest of each package of this workspace that may be built into an app, by its folder. */
const manifests = ['apps', 'libs'].flatMap((room) =>
  readdirSync(join(ROOT, room))
    .map((name) => `${room}/${name}`)
    .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))
    .map((folder) => {
      const text = readFileSync(join(ROOT, folder, 'package.json'), 'utf8');
      return [folder, JSON.parse(text) as Manifest] as const;
    }),
);

/** The folders of what is built into a package, and its own. dev-stack is there for tests alone. */
function partsOf(folder: string): string[] {
  const { dependencies, devDependencies } = manifests.find(([each]) => each === folder)![1];
  const needed = Object.keys({ ...dependencies, ...devDependencies });
  const folders = manifests
    .filter(([each, { name }]) => needed.includes(name) && each !== 'libs/dev-stack')
    .map(([each]) => each);
  return [folder, ...folders.flatMap(partsOf)];
}

it('knows all that the apps are built from', () => {
  const apps = findApps(ROOT).map(({ name }) => `apps/${name}`);
  const parts = new Set(apps.flatMap(partsOf));
  expect([...parts].filter((folder) => !apps.includes(folder)).sort()).toEqual(SHARED_SOURCES);
});

it('passes over a folder that has vanished', () => {
  expect(modificationTimes([join(tmpdir(), 'no-such-folder')]).size).toBe(0);
});
