import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'release-'));
afterAll(() => rmSync(copy, { recursive: true }));

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
  });
  return { status, output: stdout + stderr };
}

const CHANGELOG =
  '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [1.2.3] - 2026-01-01\n';

// A repository with every file that shows the version, and a check that passes or fails at once.
beforeAll(() => {
  cpSync(join(ROOT, '.ci/release.mjs'), join(copy, '.ci/release.mjs'));
  write('.ci/run', '#!/bin/sh\ntest ! -e broken\n');
  execFileSync('chmod', ['+x', join(copy, '.ci/run')]);
  write(
    '.ci/record-schema.mjs',
    `import { writeFileSync } from 'node:fs';
writeFileSync('recorded.sql', process.argv[2]);`,
  );
  const manifest = (name: string, more = {}) =>
    `${JSON.stringify({ name, version: '1.2.3', ...more }, null, 2)}\n`;
  write('package.json', manifest('source', { workspaces: ['apps/*', 'libs/*', 'bench'] }));
  for (const folder of ['apps/auth', 'apps/orders', 'libs/jwt-core', 'bench']) {
    write(`${folder}/package.json`, manifest(folder));
  }
  const packages = {
    '': { version: '1.2.3' },
    'apps/auth': { version: '1.2.3' },
    'node_modules/other': { version: '1.2.3' },
    'node_modules/@jwt-auth/auth': { resolved: 'apps/auth', link: true },
  };
  write('package-lock.json', JSON.stringify({ version: '1.2.3', packages }));
  for (const app of ['auth', 'orders']) write(`apps/${app}/Dockerfile`, 'ARG VERSION=1.2.3\n');
  write('deploy/kubernetes/overlays/production/kustomization.yaml', 'newTag: 1.2.3\n');
  write('deploy/kubernetes/migrate/kustomization.yaml', 'nameSuffix: -1-2-3 # the tag\n');
  write('CHANGELOG.md', CHANGELOG);
  write('libs/jwt-core/CHANGELOG.md', '# Changelog\n');
  write('libs/jwt-core/dist/esm/index.js', '');
  git('init', '--quiet');
  git('config', 'user.name', 'Spec');
  git('config', 'user.email', 'spec@example.com');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'everything');
});

describe('npm run release', () => {
  it.each([
    [[], 'Which version?'],
    [['2.0'], 'Which version?'],
    [['1.2.3'], '1.2.3 is not newer than 1.2.3'],
  ])('refuses %o', (args, message) => {
    const { status, output } = release(...args, '--dry-run');
    expect([status, output]).toEqual([1, expect.stringContaining(message) as string]);
  });

  it('says what it would change and publish, and changes nothing', () => {
    const { status, output } = release('1.10.0', '--dry-run');
    expect(status).toBe(0);
    for (const file of [
      'package.json',
      'apps/auth/package.json',
      'libs/jwt-core/package.json',
      'bench/package.json',
      'package-lock.json',
      'apps/orders/Dockerfile',
      'deploy/kubernetes/overlays/production/kustomization.yaml',
      'CHANGELOG.md',
    ]) {
      expect(output).toContain(`would change ${file}\n`);
    }
    expect(output).toContain('would publish libs/jwt-core: ');
    expect(git('status', '--porcelain')).toBe('');
  });

  it('refuses changes that are not committed, and a check that fails', () => {
    write('broken', '');
    expect(release('1.10.0').output).toContain('changes that are not committed');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'broken');
    expect(release('1.10.0').status).not.toBe(0);
    expect(git('tag')).toBe('');
    git('reset', '--quiet', '--hard', 'HEAD~1');
  });

  it('changes every version and the changelog, commits and tags', () => {
    expect(release('1.10.0').status).toBe(0);
    expect(git('tag').trim()).toBe('v1.10.0');
    expect(git('status', '--porcelain')).toBe('');
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
    expect(readCopy('recorded.sql')).toBe('1.10.0');
    // Nothing is left to release now.
    expect(release('1.11.0', '--dry-run').output).toContain('says nothing of this release');
  });

  it('finds the real repository in order', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['.ci/release.mjs', '999.0.0', '--dry-run'],
      { cwd: ROOT, encoding: 'utf8' },
    );
    // A version that is not the same everywhere, or a file that no more shows it, would be refused.
    const isFine = status === 0 || /nothing of this release|is not built/.test(stderr);
    expect(isFine ? '' : stdout + stderr).toBe('');
  });
});
