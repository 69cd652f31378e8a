import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
// Of the checks that need no build, hence no types.
const { edits } = (await import(join(ROOT, '.ci/release-files.mjs'))) as {
  edits: (root: string, version: string, today: string) => { file: string }[];
};
const copy = mkdtempSync(join(tmpdir(), 'release-'));
/** Where the script makes its copy. */
const temporary = mkdtempSync(join(tmpdir(), 'release-'));
afterAll(() => [copy, temporary].forEach((folder) => rmSync(folder, { recursive: true })));

const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=Spec', '-c', 'user.email=spec@example.com', ...args], {
    cwd: copy,
    encoding: 'utf8',
  });
const write = (file: string, text: string) => {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), text);
};
const readCopy = (file: string) => readFileSync(join(copy, file), 'utf8');

function release(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['.ci/release.mjs', ...args], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: temporary },
  });
  return { status, output: stdout + stderr };
}

const CHANGELOG =
  '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [1.2.3] - 2026-01-01\n';

// A repository with every file that shows the version, and a check that passes or fails at once.
beforeAll(() => {
  for (const file of ['.ci/release.mjs', '.ci/release-files.mjs']) {
    cpSync(join(ROOT, file), join(copy, file));
  }
  write('.ci/run', '#!/bin/sh\ntest ! -e broken\n');
  execFileSync('chmod', ['+x', join(copy, '.ci/run')]);
  write(
    '.ci/record-schema.mjs',
    `import { writeFileSync } from 'node:fs';
writeFileSync('schema.sql', process.argv.slice(2).join(' '));`,
  );
  const manifest = (name: string, more = {}) =>
    `${JSON.stringify({ name, version: '1.2.3', ...more }, null, 2)}\n`;
  write('package.json', manifest('source', { workspaces: ['apps/*', 'libs/*', 'bench'] }));
  for (const folder of ['apps/auth', 'apps/orders', 'libs/chassis', 'bench']) {
    write(`${folder}/package.json`, manifest(folder, { private: true }));
  }
  for (const library of ['browser', 'jwt-core']) {
    const more = { publishConfig: { access: 'public' } };
    write(`libs/${library}/package.json`, manifest(`@jwt-auth/${library}`, more));
  }
  const packages = {
    '': { version: '1.2.3' },
    'apps/auth': { version: '1.2.3' },
    'node_modules/other': { version: '1.2.3' },
    'node_modules/@jwt-auth/auth': { resolved: 'apps/auth', link: true },
  };
  write('package-lock.json', JSON.stringify({ version: '1.2.3', packages }));
  for (const app of ['auth', 'orders', 'gift-cards']) {
    write(`apps/${app}/Dockerfile`, 'ARG VERSION=1.2.3\n');
  }
  write('apps/console/vite.config.ts', '');
  write('deploy/kubernetes/overlays/production/kustomization.yaml', 'newTag: 1.2.3\n');
  write('deploy/kubernetes/migrate/kustomization.yaml', 'nameSuffix: -1-2-3 # the tag\n');
  write('CHANGELOG.md', CHANGELOG);
  write('libs/jwt-core/CHANGELOG.md', '# Changelog\n');
  git('init', '--quiet');
  git('config', 'user.name', 'Spec');
  git('config', 'user.email', 'spec@example.com');
  commit('everything');
});

const commit = (message: string) => {
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
};
const head = () => git('rev-parse', 'HEAD').trim();
/** Nothing but what was committed, and no copy either. */
const isUntouched = () =>
  git('status', '--porcelain') === '' && readdirSync(temporary).length === 0;

describe('npm run release', () => {
  it.each([
    [[], 'Which version?'],
    [['2.0'], 'Which version?'],
    [['1.2.2', '--dry-run'], '1.2.2 is not newer than 1.2.3'],
    [['1.3.0', '--skip-check'], 'Only a dry run can skip the check'],
    [['--dry'], 'There is no option --dry'],
    [['1.2.3'], 'changes under [Unreleased] that belong under [1.2.3]'],
  ])('refuses %o', (args, message) => {
    const { status, output } = release(...args);
    expect([status, output]).toEqual([1, expect.stringContaining(message) as string]);
  });

  it('makes a release in a copy as a dry run, and changes nothing', () => {
    const before = head();
    const { status, output } = release('1.10.0', '--dry-run');
    expect(status).toBe(0);
    for (const file of [
      'package.json',
      'apps/auth/package.json',
      'libs/jwt-core/package.json',
      'bench/package.json',
      'package-lock.json',
      'apps/orders/Dockerfile',
      'apps/gift-cards/Dockerfile',
      'deploy/kubernetes/overlays/production/kustomization.yaml',
      'CHANGELOG.md',
    ]) {
      expect(output).toContain(`Changes ${file}\n`);
    }
    expect(output).toContain('Packs @jwt-auth/jwt-core: ');
    expect(output).toContain('Packs @jwt-auth/browser: ');
    expect([head(), git('tag'), isUntouched()]).toEqual([before, '', true]);
  });

  it('refuses changes that are not committed, and a check that fails', () => {
    write('broken', '');
    expect(release('1.10.0').output).toContain('changes that are not committed');
    commit('broken');
    const before = head();
    const { status, output } = release('1.10.0');
    expect([status, output]).toEqual([1, expect.stringContaining('.ci/run failed') as string]);
    expect([head(), git('tag'), isUntouched()]).toEqual([before, '', true]);
    git('reset', '--quiet', '--hard', 'HEAD~1');
  });

  it('changes every version and the changelog, records, commits and tags', () => {
    const { status, output } = release('1.10.0');
    expect(status).toBe(0);
    expect(git('tag').trim()).toBe('v1.10.0');
    expect(git('rev-parse', 'v1.10.0^{commit}').trim()).toBe(head());
    expect(isUntouched()).toBe(true);
    for (const file of ['package.json', 'apps/auth/package.json', 'bench/package.json']) {
      expect(JSON.parse(readCopy(file))).toMatchObject({ version: '1.10.0' });
    }
    const lock = JSON.parse(readCopy('package-lock.json')) as { packages: object };
    expect(lock).toMatchObject({ version: '1.10.0' });
    expect(lock.packages).toMatchObject({
      '': { version: '1.10.0' },
      'apps/auth': { version: '1.10.0' },
      'node_modules/other': { version: '1.2.3' },
    });
    expect(readCopy('apps/auth/Dockerfile')).toBe('ARG VERSION=1.10.0\n');
    const migrate = readCopy('deploy/kubernetes/migrate/kustomization.yaml');
    expect(migrate).toBe('nameSuffix: -1-10-0 # the tag\n');
    const today = new Date().toISOString().slice(0, 10);
    expect(readCopy('CHANGELOG.md')).toBe(
      CHANGELOG.replace('[Unreleased]\n', `[Unreleased]\n\n## [1.10.0] - ${today}\n`),
    );
    expect(readCopy('schema.sql')).toBe('1.10.0 --released');
    expect(output.match(/(?<=docker build --push -f )\S+/g)).toEqual([
      'apps/auth/Dockerfile',
      'apps/gift-cards/Dockerfile',
      'apps/orders/Dockerfile',
    ]);
    expect(output.match(/npm publish .*/g)).toEqual([
      'npm publish --workspace libs/browser --access public',
      'npm publish --workspace libs/jwt-core --access public',
    ]);
  });

  it('refuses a release without changes, of which a dry run only warns', () => {
    const problem = 'says nothing of this release';
    expect(release('1.11.0')).toMatchObject({
      status: 1,
      output: expect.stringContaining(problem) as string,
    });
    const { status, output } = release('--dry-run');
    expect(status).toBe(0);
    expect(output).toContain(`Would be refused: CHANGELOG.md ${problem}`);
    expect(output).toContain('A release of 1.11.0 can be made');
  });

  it('releases the present version, once, if it has no tag', () => {
    git('tag', '--delete', 'v1.10.0');
    expect(release('1.10.0').status).toBe(0);
    expect(git('rev-parse', 'v1.10.0^{commit}').trim()).toBe(head());
    expect(release('1.10.0').output).toContain('There is a tag v1.10.0 already');
  });

  it('finds one version in the real repository, in every file that shows it', () => {
    const files = edits(ROOT, '999.0.0', '2026-01-01').map(({ file }) => file);
    expect(files).toEqual(expect.arrayContaining(['libs/browser/package.json', 'CHANGELOG.md']));
  });
});
