import { chownSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../errors.js';
import type { DataDirectory } from './data-directory.js';
import { withClient } from './with-client.js';

/** Of the server that runs, not of its data. */
const LEFT_OUT = new Set(['postmaster.pid', 'postmaster.opts']);
/** Needed as folders, while their content is of the server that runs. The log is copied last. */
const EMPTY = new Set(['pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_stat_tmp', 'pg_subtrans']);

/**
 * Copies the files of a running server, so that a server which starts on the copy has everything that
 * was committed before (PostgreSQL documentation, section 25.3.4). `pg_basebackup` does the same, but
 * the embedded Postgres has none.
 */
export async function baseBackup(url: string, from: string, to: DataDirectory): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`SELECT pg_backup_start('copy', true)`);
    copyFolder(from, to, '');
    const { rows } = await client.query<{ labelfile: string }>(
      'SELECT labelfile FROM pg_backup_stop(false)',
    );
    copyFolder(join(from, 'pg_wal'), to, 'pg_wal');
    write(to, 'backup_label', rows[0]?.labelfile ?? '');
  });
}

/** Makes the copy follow another server when it starts, until it is promoted. */
export function follow(to: DataDirectory, primaryUrl: string): void {
  const { hostname, port, username, password } = new URL(primaryUrl);
  const primary = `host=${hostname} port=${port} user=${username} password=${password}`;
  write(to, 'postgresql.auto.conf', `primary_conninfo = '${primary} application_name=standby'\n`);
  write(to, 'standby.signal', '');
}

function copyFolder(from: string, to: DataDirectory, folder: string): void {
  mkdirSync(join(to.path, folder), { recursive: true, mode: 0o700 });
  own(to, folder);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const name = join(folder, entry.name);
    if (LEFT_OUT.has(name)) continue;
    if (!entry.isDirectory()) copyFile(join(from, entry.name), to, name);
    else if (!EMPTY.has(name)) copyFolder(join(from, entry.name), to, name);
    else copyFolder(emptyFolder(to, name), to, name);
  }
}

function emptyFolder({ path }: DataDirectory, name: string): string {
  mkdirSync(join(path, name), { recursive: true, mode: 0o700 });
  return join(path, name);
}

function copyFile(from: string, to: DataDirectory, name: string): void {
  try {
    copyFileSync(from, join(to.path, name));
    own(to, name);
  } catch (error) {
    // Removed by the server meanwhile, such as a temporary file: recovery does not need it.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function write(to: DataDirectory, name: string, content: string): void {
  writeFileSync(join(to.path, name), content, { mode: 0o600 });
  own(to, name);
}

function own({ path, account }: DataDirectory, name: string): void {
  if (account) chownSync(join(path, name), account.uid, account.gid);
}
