import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// Of the checks that need no build, hence no types.
const script = new URL('../../../.ci/migrations-lock.mjs', import.meta.url).href;
const { checkMigrations } = (await import(script)) as {
  checkMigrations: (root: string, options?: { add: boolean }) => string[];
};

const USERS = 'apps/auth/src/database/migrations/1-create-users.ts';
const TOKENS = 'libs/jwt-core/src/postgres/create-tokens.migration.ts';

let root: string;
const at = (file: string) => path.join(root, file);
const lockFile = () => at('migrations.lock');

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'migrations-'));
  for (const file of [USERS, TOKENS, 'libs/jwt-core/src/index.ts']) write(file);
  checkMigrations(root, { add: true });
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the check of landed migrations', () => {
  it('holds for migrations as they landed, whatever else changes', () => {
    appendFileSync(at('libs/jwt-core/src/index.ts'), '// more');
    expect(checkMigrations(root)).toEqual([]);
  });

  it.each([USERS, TOKENS])('refuses one that was changed: %s', (file) => {
    appendFileSync(at(file), ' ');
    expect(checkMigrations(root)).toEqual([expect.stringContaining(`${file} has landed`)]);
  });

  it('refuses one that was removed or renamed', () => {
    renameSync(at(USERS), at(USERS.replace('users', 'people')));
    expect(checkMigrations(root)).toHaveLength(2);
  });

  it('refuses a line that was removed, and one that was never added', () => {
    writeFileSync(lockFile(), readFileSync(lockFile(), 'utf8').replace(/^.+users\.ts\n/m, ''));
    expect(checkMigrations(root)).toEqual([expect.stringContaining(`${USERS} is not in`)]);
  });

  it('refuses a lock that is gone', () => {
    rmSync(lockFile());
    expect(checkMigrations(root)).toHaveLength(2);
  });
});

describe('the check of landed migrations, with history', () => {
  beforeEach(() => {
    git('init', '-q');
    commit();
  });

  it('refuses one that was changed together with its line', () => {
    changeWithItsLine();
    expect(checkMigrations(root)).toEqual([expect.stringContaining('has lost the line')]);
    commit();
    expect(checkMigrations(root)).toEqual([expect.stringContaining('has lost the line')]);
  });

  it('refuses one that was removed together with its line', () => {
    rmSync(at(USERS));
    writeFileSync(lockFile(), readFileSync(lockFile(), 'utf8').replace(/^.+users\.ts\n/m, ''));
    commit();
    expect(checkMigrations(root)).toEqual([expect.stringContaining('has lost the line')]);
  });

  it('accepts more migrations', () => {
    write(USERS.replace('1-create', '2-rename'));
    checkMigrations(root, { add: true });
    commit();
    expect(checkMigrations(root)).toEqual([]);
  });

  it('is not confused by the history of a repository around it', () => {
    changeWithItsLine();
    const inner = path.join(root, 'inner');
    for (const file of [USERS, TOKENS]) write(path.join('inner', file));
    checkMigrations(inner, { add: true });
    expect(checkMigrations(inner)).toEqual([]);
  });
});

it('holds for the migrations of this repository', () => {
  expect(checkMigrations(path.resolve(import.meta.dirname, '../../..'))).toEqual([]);
});

function changeWithItsLine(): void {
  appendFileSync(at(USERS), ' ');
  writeFileSync(lockFile(), readFileSync(lockFile(), 'utf8').replace(/^.+users\.ts\n/m, ''));
  checkMigrations(root, { add: true });
}

function write(file: string): void {
  mkdirSync(path.dirname(at(file)), { recursive: true });
  writeFileSync(at(file), `// ${file}\n`);
}

function commit(): void {
  git('add', '-A');
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '-qm', 'test');
}

function git(...args: string[]): void {
  execFileSync('git', ['-C', root, ...args]);
}
