import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Logger } from '@nestjs/common';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { beforeEach, expect, it } from 'vitest';

import { StartProgress } from '../readiness/start-progress.js';
import { databaseOptions } from './database-options.js';
import { openDatabase } from './open-database.js';

class CreateNotes1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id int PRIMARY KEY)');
  }

  async down(): Promise<void> {}
}

class AddAuthor1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE notes ADD author int');
  }

  async down(): Promise<void> {}
}

Logger.overrideLogger(false);

let url: string;
let lines: string[];
let progress: StartProgress;
beforeEach(async () => {
  url = await freshDatabase();
  lines = [];
  progress = new StartProgress();
});

function open(
  classes: (new () => MigrationInterface)[],
  migrations: 'run' | 'await',
  waitMs = 0,
): ReturnType<typeof openDatabase> {
  const add = (line: string): void => void lines.push(line);
  const options = databaseOptions({
    ...{ url, applicationName: 'spec', entities: [], migrations: classes },
  });
  const logger = { log: add, warn: add, error: add };
  return openDatabase(options, { migrations, waitMs, logger, progress });
}

const close = async (opening: ReturnType<typeof openDatabase>) => (await opening).destroy();

it('a database without migrations is refused, and stays as it is', async () => {
  await expect(open([CreateNotes1700000000000], 'await')).rejects.toMatchObject({
    name: 'DatabaseError',
    code: 'not_migrated',
    message: expect.stringMatching(/has no migrations.*lacks 1.*CreateNotes.*`migrate`/) as string,
  });
  await close(open([CreateNotes1700000000000], 'run'));
});

it('a database that lacks one is refused, with the version that it has', async () => {
  await close(open([CreateNotes1700000000000], 'run'));
  const opening = open([CreateNotes1700000000000, AddAuthor1700000000001], 'await');
  await expect(opening).rejects.toThrow(/is at CreateNotes1700000000000, and lacks 1 .*AddAuthor/);
});

it('waits for another process that migrates', async () => {
  const classes = [CreateNotes1700000000000, AddAuthor1700000000001];
  const opening = open(classes, 'await', 20_000);
  await expect.poll(() => lines.join()).toContain('lacks 2');
  expect(progress.missing).toEqual([{ name: 'database', reason: 'lacks migrations' }]);
  await close(open(classes, 'run'));
  await close(opening);
  expect(lines).toContain('The database is at AddAuthor1700000000001');
});

it('accepts a database of a later release, and says so', async () => {
  await close(open([CreateNotes1700000000000, AddAuthor1700000000001], 'run'));
  await close(open([CreateNotes1700000000000], 'await'));
  expect(lines.at(-1)).toBe('The database is at AddAuthor1700000000001, of a later release');
});
