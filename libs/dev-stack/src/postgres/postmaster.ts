import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errorCode } from '../error-code.js';

/** What a server writes into `postmaster.pid` of its data directory. */
export interface Postmaster {
  pid: number;
  port: number;
  /** `ready` once it accepts connections. */
  status: string;
}

/** Reads `postmaster.pid`; `undefined` if there is none, or it is only half written. */
export function readPostmaster(dataDir: string): Postmaster | undefined {
  const [pid, , , port, , , , status = ''] = pidFile(dataDir).split('\n');
  if (!pid || !port) return undefined;
  return { pid: Number(pid), port: Number(port), status: status.trim() };
}

/**
 * The server that runs on this directory now. A `postmaster.pid` whose number meanwhile belongs to
 * another program (after a reboot, or in a new container) is removed: Postgres itself would
 * take that program for a server and refuse to start.
 */
export function runningPostmaster(dataDir: string): Postmaster | undefined {
  const pid = Number(pidFile(dataDir).split('\n', 1)[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (isAlive(pid) && isPostgresOn(dataDir, pid)) {
    return readPostmaster(dataDir) ?? { pid, port: 0, status: '' };
  }
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
  return undefined;
}

function pidFile(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/** A server works in its data directory; where that cannot be seen, its name has to do. */
function isPostgresOn(dataDir: string, pid: number): boolean {
  if (process.platform === 'win32') return true;
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
