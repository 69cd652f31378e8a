import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
} from 'node:fs';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
} from 'node:fs';
import { rmSync, statfsSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { DevStackError } from '../errors.js';
import { ProgramLog } from '../supervision/program-log.js';
import { SupervisedProcess, type ProcessAccount } from '../supervision/supervised-process.js';
import { canEnter, serverAccount, serverEnvironment, SHARED_PLACE } from './account.js';

/** Where a server keeps its data, and whom it runs as to be able to. */
export interface DataDirectory {
  /** Absolute, without symbolic links. Need not exist yet, but its parent does. */
  path: string;
  account: ProcessAccount | undefined;
  /** What to remove when the server is stopped. */
  temporary: string | undefined;
}

/**
 * The directory for a server that is kept. If the unprivileged account that root must use cannot
 * reach it, a link to a place that the account does reach takes its name.
 * @throws DevStackError `directory_unusable`
 */
export function keptDirectory(wanted: string): DataDirectory {
  const link = resolve(wanted);
  try {
    const path = realPath(link);
    if (exists(path) && !statSync(path).isDirectory()) throw new Error('it is not a directory');
    const account = serverAccount(path);
    if (canEnter(dirname(path), account)) {
      if (!account && exists(path)) accessSync(path, constants.R_OK | constants.W_OK);
      return { path, account, temporary: undefined };
    }
    if (exists(link)) rmdirSync(link);
    mkdirSync(SHARED_PLACE, { recursive: true, mode: 0o755 });
    const place = mkdtempSync(join(SHARED_PLACE, 'postgres-'));
    symlinkSync(place, link);
    return { path: place, account, temporary: undefined };
  } catch (cause) {
    if (cause instanceof DevStackError) throw cause;
    throw new DevStackError(
      'directory_unusable',
      `${link} cannot hold the data of Postgres: ${(cause as Error).message}. ` +
        'Set EMBEDDED_POSTGRES_DIR to a directory of your own.',
      { cause },
    );
  }
}

/**
 * A new directory for a server of which nothing is kept. In memory, where that is offered and plenty:
 * a database is some 300 files, which a disk takes five times as long to make.
 */
export function temporaryDirectory(): DataDirectory {
  const wanted = hasRoom(IN_MEMORY) ? IN_MEMORY : tmpdir();
  const account = serverAccount(wanted);
  const parent = canEnter(wanted, account) ? wanted : SHARED_PLACE;
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  const temporary = mkdtempSync(join(realpathSync(parent), 'jwt-auth-postgres-'));
  if (account) chmodSync(temporary, 0o755);
  return { path: join(temporary, 'data'), account, temporary };
}

/** The files of Linux that are in memory. In most containers they may take 64 MB. */
const IN_MEMORY = '/dev/shm';

/** Two suites at once, of up to two gigabytes each, and the rest of the machine. */
const ROOM_BYTES = 8 * 2 ** 30;

function hasRoom(directory: string): boolean {
  if (!exists(directory)) return false;
  const { bavail, bsize } = statfsSync(directory);
  return Math.min(bavail * bsize, freemem()) >= ROOM_BYTES;
}

/** Resolves links and makes parents. A link whose target has gone is as good as none. */
function realPath(path: string): string {
  if (exists(path)) return realpathSync(path);
  if (lstatSync(path, { throwIfNoEntry: false })) unlinkSync(path);
  mkdirSync(dirname(path), { recursive: true });
  return join(realpathSync(dirname(path)), basename(path));
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

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
