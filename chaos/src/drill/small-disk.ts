import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Owner } from './drill-stage.js';

const SIZE = '64m';
const CHUNK = Buffer.alloc(64 * 1_024);

/** A file system of 64 MB in memory. To mount one takes root. */
export class SmallDisk {
  private constructor(private readonly folder: string) {}

  /** @returns why there is none, if this machine does not allow to mount one */
  static mount(): SmallDisk | string {
    const folder = mkdtempSync(join(tmpdir(), 'jwt-auth-disk-'));
    const args = ['-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'jwt-auth-drill', folder];
    const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
    if (status === 0) return new SmallDisk(folder);
    rmdirSync(folder);
    return `a small file system cannot be mounted, which takes root: ${error?.message ?? stderr.trim()}`;
  }

  /** A folder for the files of this account. */
  folderOf({ uid, gid }: Owner): string {
    const folder = join(this.folder, 'tables');
    spawnSync('install', ['-d', '-o', `${uid}`, '-g', `${gid}`, '-m', '700', folder]);
    return folder;
  }

  /** Leaves no space for anything else. */
  fill(): void {
    const file = openSync(this.ballast, 'a');
    try {
      for (let left = CHUNK.length; left > 0;) {
        try {
          writeSync(file, CHUNK, 0, left);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          left = Math.floor(left / 2);
        }
      }
    } finally {
      closeSync(file);
    }
  }

  makeRoom(): void {
    rmSync(this.ballast);
  }

  unmount(): void {
    const { status, stderr } = spawnSync('umount', [this.folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${this.folder} is still mounted: ${stderr.trim()}`);
    rmdirSync(this.folder);
  }

  private get ballast(): string {
    return join(this.folder, 'ballast');
  }
}
