import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO, until } from '@jwt-auth/dev-stack';
import { Clients, DATABASE_AWAY } from './clients.js';
import { type Owner, DrillStage, statement } from './drill-stage.js';
import { aWhile, type Drill } from './drill.js';

const SIZE = '64m';
const CHUNK = Buffer.alloc(64 * 1_024);

/** A file system of 64 MB in memory. To mount one takes root. */
class SmallDisk {
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

export const diskFull: Drill = {
  name: 'disk-full',
  about: 'The disk with the tables of auth is full for a while. Its log is on another one.',
  async run(report) {
    const disk = SmallDisk.mount();
    if (typeof disk === 'string') return report.skip(disk);
    let stage: DrillStage | undefined;
    try {
      stage = await DrillStage.start({ folderOfTables: (owner) => disk.folderOf(owner) });
      const isReady = stage.isReady.bind(stage, 'auth');
      const clients = await Clients.start(stage);
      await aWhile();
      disk.fill();
      report.step(clients, 'there is no space left');
      // The pages that are there take some more rows.
      const { login } = clients.seen;
      const isFelt = await until(() => login.last === DATABASE_AWAY, { withinMs: 120_000 });
      const retryAfter = await retryAfterOfLogin(stage);
      const isReported = await until(async () => !(await isReady()), { withinMs: 2_000 });
      await aWhile();
      disk.makeRoom();
      report.step(clients, 'there is space again');
      const isReadyAgain = await until(isReady, { withinMs: 2_000 });
      const hasRecovered = await clients.haveRecovered();
      report.step(clients, 'all calls succeed again');
      await aWhile();
      await clients.stop();
      report.seen(clients, { login: [DATABASE_AWAY], refresh: [DATABASE_AWAY], orders: [] });
      report.promise('logins were refused for lack of space, with Retry-After', isFelt && retryAfter > 0); // oxfmt-ignore
      report.promise('readiness said so within two seconds of a call that felt it', isReported);
      report.promise('and says that there is space again', isReadyAgain);
      report.promise('no process was restarted, and all recovered', hasRecovered);
      const [stored] = await statement(stage.postgres, 'SELECT count(*)::int AS sessions FROM sessions', 'auth'); // oxfmt-ignore
      report.promise('every login that was answered is in the database', Number(stored?.['sessions']) >= login.count('ok')); // oxfmt-ignore
    } finally {
      await stage?.stop();
      disk.unmount();
    }
  },
};

/** In seconds, of the first process that refuses one. 0: none does so within half a minute. */
async function retryAfterOfLogin(stage: DrillStage): Promise<number> {
  const json = JSON.stringify(DEMO.ada);
  let seconds = 0;
  await until(
    async () => {
      const headers = { 'content-type': 'application/json' };
      const url = `${stage.urls('auth')[0]}/auth/login`;
      const answer = await fetch(url, { method: 'POST', headers, body: json });
      await answer.text();
      if (answer.status === 503) seconds = Number(answer.headers.get('retry-after') ?? 0);
      return answer.status === 503;
    },
    { withinMs: 30_000 },
  );
  return seconds;
}
