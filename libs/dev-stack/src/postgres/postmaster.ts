import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errorCode } from '../errors.js';
import { isAlive, readIfThere, removeIfStill } from '../supervision/pid-file.js';
import { until } from '../supervision/until.js';

const EMPTY_FOR_MS = 500;

/** What a server writes into `postmaster.pid` of its data directory. */
export interface Postmaster {
  pid: number;
  port: number;
  /** `ready` once it accepts connections. */
  status: string;
}

/** Reads `postmaster.pid`; `undefined` if there is none, or nothing that can be read as one. */
export function readPostmaster(dataDir: string): Postmaster | undefined {
  return parse(readPidFile(dataDir));
}

/** The server that runs on this directory now. */
export function runningPostmaster(dataDir: string): Postmaster | undefined {
  const postmaster = readPostmaster(dataDir);
  return postmaster && isPostgresOn(dataDir, postmaster.pid) ? postmaster : undefined;
}

/**
 * Removes a `postmaster.pid` that would keep Postgres from starting although no server runs: its
 * number belongs to another program by now (after a reboot, in a new container), or it is
 * damaged (after a power cut). One whose process has ended is Postgres's own to remove.
 */
export async function removeStalePidFile(dataDir: string): Promise<void> {
  // A server that starts at this moment has made the file, and writes it in an instant.
  const content = await until(() => readPidFile(dataDir) || undefined, {
    withinMs: existsSync(pidFile(dataDir)) ? EMPTY_FOR_MS : 0,
  });
  const postmaster = parse(content);
  if (postmaster && (!isAlive(postmaster.pid) || isPostgresOn(dataDir, postmaster.pid))) return;
  removeIfStill(pidFile(dataDir), content ?? '');
}

const pidFile = (dataDir: string) => join(dataDir, 'postmaster.pid');

const readPidFile = (dataDir: string) => readIfThere(pidFile(dataDir));

function parse(content = ''): Postmaster | undefined {
  const [pid = '', , , port, , , , status = ''] = content.split('\n');
  if (!/^[1-9]\d*$/.test(pid)) return undefined;
  return { pid: Number(pid), port: Number(port ?? 0), status: status.trim() };
}

/** A server's working directory is its data directory. Where that cannot be read, compare names. */
function isPostgresOn(dataDir: string, pid: number): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === dataDir;
  } catch (error) {
    if (errorCode(error) !== 'EACCES') return false;
  }
  return commandName(pid) === 'postgres';
}

function commandName(pid: number): string {
  try {
    // Slim containers have no `ps`, only Linux has /proc.
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
      : basename(execFileSync('ps', ['-p', `${pid}`, '-o', 'comm='], { encoding: 'utf8' }).trim());
  } catch {
    return '';
  }
}
