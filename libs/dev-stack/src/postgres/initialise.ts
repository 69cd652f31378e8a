import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DevStackError } from '../dev-stack-error.js';
import { ProgramLog } from '../supervision/program-log.js';
import { SupervisedProcess, type ProcessAccount } from '../supervision/supervised-process.js';
import { serverEnvironment } from './environment.js';
import type { DataDirectory } from './data-directory.js';

/** The role that owns every database of an embedded server. */
export const ROLE = 'app';

const passwordFile = (dataDir: string) => join(dataDir, 'password');

/**
 * Makes the data directory of a new server, unless it is there already. It appears under its name
 * whole or not at all, also when this process is killed half-way or two do it at once.
 * @returns the password of {@link ROLE}
 * @throws DevStackError `directory_unusable`, `did_not_start`
 */
export async function initialise(
  { path, account }: DataDirectory,
  initdb: string,
  { durable }: { durable: boolean },
): Promise<string> {
  if (!isInitialised(path)) {
    const staging = mkdtempSync(`${path}.new-`);
    try {
      await fill(staging, initdb, account, durable);
      if (!isInitialised(path)) {
        if (existsSync(path)) rmdirSync(path);
        renameSync(join(staging, 'data'), path);
      }
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }
  return readFileSync(passwordFile(path), 'utf8');
}

function isInitialised(path: string): boolean {
  if (!existsSync(path) || readdirSync(path).length === 0) return false;
  if (existsSync(join(path, 'PG_VERSION')) && existsSync(passwordFile(path))) return true;
  throw new DevStackError(
    'directory_unusable',
    `${path} is neither empty nor the data of an embedded Postgres. ` +
      'Set EMBEDDED_POSTGRES_DIR to another directory.',
  );
}

async function fill(
  staging: string,
  initdb: string,
  account: ProcessAccount | undefined,
  durable: boolean,
): Promise<void> {
  const data = join(staging, 'data');
  const password = join(staging, 'password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(password, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (account) {
    chmodSync(staging, 0o755);
    for (const path of [data, password]) chownSync(path, account.uid, account.gid);
  }
  const args = ['-D', data, '-U', ROLE, '--auth=scram-sha-256', `--pwfile=${password}`];
  args.push('--encoding=UTF8', '--locale=C', '--no-instructions', ...(durable ? [] : ['-N']));
  await runInitdb({ command: initdb, args, account, removeWhenStopped: staging });
  renameSync(password, passwordFile(data));
}

async function runInitdb(program: {
  command: string;
  args: string[];
  account: ProcessAccount | undefined;
  removeWhenStopped: string;
}): Promise<void> {
  const log = ProgramLog.unnamed();
  const env = serverEnvironment();
  const initdb = await SupervisedProcess.start({ name: 'initdb', cwd: '/', env, log, ...program });
  const { code } = await initdb.exited;
  if (code === 0) return;
  throw new DevStackError('did_not_start', `Postgres made no data directory:\n${log.tail()}`);
}
