import { randomBytes } from 'node:crypto';

import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Logger } from '@nestjs/common';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { beforeEach, describe, expect, it } from 'vitest';

import { databaseOptions } from './database-options.js';
import { openDatabase } from './open-database.js';
import { withClient } from './reach-database.js';

class CreateNotes1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id serial PRIMARY KEY, body text)');
    await runner.query('CREATE TABLE journal (id int)');
  }

  async down(): Promise<void> {}
}

Logger.overrideLogger(false);

let server: string;
let name: string;
let warnings: string[];

/** The address of the database, as another role. */
function as(role: string): string {
  const url = new URL(server);
  [url.username, url.password, url.pathname] = [role, 'secret', `/${name}`];
  return url.href;
}

beforeEach(async () => {
  server = await freshDatabase();
  name = `role_${randomBytes(6).toString('hex')}`;
  warnings = [];
  await withClient(server, async (client) => {
    for (const role of ['owner', 'app', 'other']) {
      await client.query(`CREATE ROLE ${name}_${role} LOGIN PASSWORD 'secret'`);
    }
    await client.query(`CREATE DATABASE ${name} OWNER ${name}_owner`);
  });
});

async function migrate(role: string): Promise<void> {
  const options = databaseOptions({
    url: as(`${name}_owner`),
    ...{ applicationName: 'spec', entities: [], migrations: [CreateNotes1700000000000] },
  });
  const dataSource = await openDatabase(options, {
    waitMs: 0,
    appRole: { role, tables: { journal: 'SELECT, INSERT', migrations: 'SELECT' } },
    logger: {
      log: () => undefined,
      warn: (line: string) => void warnings.push(line),
      error: () => undefined,
    },
  });
  await dataSource.destroy();
}

const run = (statement: string, role = `${name}_app`) =>
  withClient(as(role), (client) => client.query(statement));

describe('the role of the app', () => {
  it('reads and writes, and does nothing else, whatever it could do before', async () => {
    await migrate(`${name}_app`);
    await run(`GRANT ALL ON notes, journal TO ${name}_app`, `${name}_owner`);
    // Each start grants anew, also for tables that are new.
    await migrate(`${name}_app`);
    expect(warnings).toEqual([]);
    for (const statement of [
      `INSERT INTO notes (body) VALUES ('x')`,
      `UPDATE notes SET body = 'y'`,
      'DELETE FROM notes',
      'INSERT INTO journal VALUES (1)',
      'SELECT FROM migrations',
    ]) {
      await run(statement);
    }
    for (const statement of [
      'TRUNCATE notes',
      'ALTER TABLE notes DISABLE TRIGGER ALL',
      'DROP TABLE notes',
      'CREATE TABLE more ()',
      'CREATE TEMPORARY TABLE more ()',
      'UPDATE journal SET id = 2',
      'DELETE FROM journal',
      'DELETE FROM migrations',
    ]) {
      await expect(run(statement), statement).rejects.toThrow(/permission denied|must be owner/);
    }
  });

  it('and the owner are the only ones who may connect', async () => {
    await run('SELECT', `${name}_other`);
    await migrate(`${name}_app`);
    await expect(run('SELECT', `${name}_other`)).rejects.toThrow('permission denied for database');
    await run('SELECT');
  });

  it('has to be there, and the message says how to make it', async () => {
    await expect(migrate('no "role"')).rejects.toMatchObject({
      code: 'role_missing',
      message: expect.stringContaining('CREATE ROLE "no ""role""" LOGIN') as string,
    });
  });

  it('may be the one that migrates, and then nothing changes', async () => {
    await migrate(`${name}_owner`);
    await run('SELECT', `${name}_other`);
    await run('TRUNCATE notes', `${name}_owner`);
  });

  it('is named in a warning if grants do not bind it', async () => {
    await withClient(server, (client) => client.query(`GRANT ${name}_owner TO ${name}_app`));
    await migrate(`${name}_app`);
    expect(warnings.join()).toContain('grants do not bind it');
  });
});
