import { startPostgres, type PostgresServer } from '@jwt-auth/dev-stack';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DATABASES, statement, type DrillStage } from './drill-stage.js';

const SERVER_VERSION = `SELECT current_setting('server_version_num')::int / 10000 AS major`;

/** Why a server cannot be dumped on this machine. `undefined`: it can. */
export async function dumpMissing(server: PostgresServer): Promise<string | undefined> {
  for (const program of ['pg_dump', 'psql']) {
    const { error, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    if (error) return `${program} cannot be started: ${error.message}`;
    const major = majorIn(stdout);
    const [row] = await statement(server, SERVER_VERSION);
    const ofServer = Number(row?.['major']);
    if (!(major >= ofServer))
      return `${stdout.trim()} is older than the server, which is ${ofServer}`;
  }
  return undefined;
}

/** Of what `--version` prints. */
export const majorIn = (version: string): number => Number(/ (\d+)/.exec(version)?.[1]);

/** The databases of both apps as scripts, which make them again in another cluster, by docs/deploy.md. */
export async function dump(stage: DrillStage) {
  const folder = mkdtempSync(join(tmpdir(), 'jwt-auth-dump-'));
  const remove = () => rmSync(folder, { recursive: true });
  const fileOf = (database: string) => join(folder, `${database}.sql`);
  for (const name of DATABASES) {
    const options = ['--no-owner', '--no-privileges', '--file', fileOf(name)];
    run('pg_dump', [...options, stage.postgres.url(name)]);
  }
  return {
    remove,
    async start(port: number): Promise<PostgresServer> {
      const server = await startPostgres({ port });
      await stage.prepare(server);
      for (const name of DATABASES) {
        const script = ['--command', 'SET ROLE service', '--file', fileOf(name)];
        run('psql', ['--quiet', '--set', 'ON_ERROR_STOP=1', ...script, server.url(name)]);
      }
      remove();
      return server;
    },
  };
}

function run(program: string, args: readonly string[]): void {
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error ?? status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
}
