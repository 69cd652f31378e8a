import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, until, type PostgresServer } from '@jwt-auth/dev-stack';
import { Administrator } from '../driver/administrator.js';
import { granted, type Answer } from '../driver/ask.js';
import { Clients, DATABASE_AWAY, logIn, outcomeOf, send } from './clients.js';
import { DATABASES, statement, DrillStage } from './drill-stage.js';
import { aWhile, type Drill, type DrillReport } from './drill.js';

const SERVER_VERSION = `SELECT current_setting('server_version_num')::int / 10000 AS major`;

/** Why a server cannot be dumped on this machine. `undefined`: it can. */
async function dumpMissing(server: PostgresServer): Promise<string | undefined> {
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
async function dump(stage: DrillStage) {
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

const AWAY = ['no answer', DATABASE_AWAY, '503 not_ready'];

/** All data at one moment. */
interface Backup {
  start(port: number): Promise<PostgresServer>;
  /** One that was not started. */
  remove(): void;
}

interface Restore {
  readonly name: string;
  readonly about: string;
  readonly backUp: (stage: DrillStage) => Promise<Backup>;
  /** Why this machine cannot do that. */
  readonly missing?: (server: PostgresServer) => Promise<string | undefined>;
}

export const restore = drillOf({
  name: 'restore',
  about: 'The database is lost, and a backup takes its place, by the steps of the runbook.',
  backUp: ({ postgres }) => postgres.backup(),
});

export const restoreDump = drillOf({
  name: 'restore-dump',
  about: 'The same with what pg_dump has written, in a new cluster.',
  backUp: dump,
  missing: dumpMissing,
});

function drillOf({ name, about, backUp, missing }: Restore): Drill {
  return {
    name,
    about,
    async run(report) {
      const stage = await DrillStage.start();
      try {
        const why = await missing?.(stage.postgres);
        if (why !== undefined) return report.skip(why);
        await loseAndRestore(report, stage, backUp);
      } finally {
        await stage.stop();
      }
    },
  };
}

async function loseAndRestore(report: DrillReport, stage: DrillStage, backUp: Restore['backUp']) {
  let backup: Backup | undefined;
  let restored: PostgresServer | undefined;
  try {
    const session = await logIn(stage);
    backup = await backUp(stage);
    const token = String(session['access_token']);
    await send(stage.urls('auth'), '/auth/logout', { method: 'POST', token });
    const lost = await logIn(stage);
    const clients = await Clients.start(stage);
    await aWhile();
    report.step(clients, 'the database is lost');
    await stage.postgres.kill();
    await stage.stopApp('auth');
    restored = await backup.start(stage.postgres.port);
    report.step(clients, 'auth is stopped, and the backup runs');
    await statement(
      restored,
      `UPDATE sessions SET ended_at = now(), end_reason = 'logout_everywhere' WHERE ended_at IS NULL`,
      'auth',
    );
    await statement(restored, 'DELETE FROM reference_tokens', 'auth');
    await stage.startApp('auth');
    report.step(clients, 'every session is ended, and auth runs');
    const areWithdrawn = await withdrawKeys(stage);
    report.step(clients, 'every key of before is withdrawn');
    const hasRecovered = await clients.haveRecovered(['login']);
    await aWhile();
    await clients.stop();
    const invalid = ['401 token_invalid', '401 token_revoked'];
    report.seen(clients, {
      login: AWAY,
      refresh: [...AWAY, '401 refresh_token_invalid'],
      orders: [...AWAY, ...invalid],
    });
    report.promise('auth recovered, and its keys could be withdrawn', hasRecovered && areWithdrawn);
    await finish(report, stage, { token, lost });
  } finally {
    // The connections of the apps go first.
    await stage.stopApp('auth');
    await stage.stopApp('orders');
    await restored?.stop();
    if (!restored) backup?.remove();
  }
}

/** Those that are retired, then `next`, then `active`: as the runbook says. */
async function withdrawKeys(stage: DrillStage): Promise<boolean> {
  const administrator = new Administrator();
  const [auth = ''] = stage.urls('auth');
  const ask = (path: string, method: 'GET' | 'POST' = 'GET') =>
    administrator.ask(auth, `/admin/keys${path}`, { method });
  const keys = granted(await ask('')) as unknown as { kid: string; state: string }[] | undefined;
  for (const state of ['retired', 'next', 'active']) {
    for (const { kid } of keys?.filter((key) => key.state === state) ?? []) {
      // The active one can go when the next one is known everywhere, some seconds later.
      const isDone = await until(
        async () => granted(await ask(`/${kid}/withdraw`, 'POST')) !== undefined,
        { withinMs: 60_000 },
      );
      if (!isDone) return false;
    }
  }
  return (keys?.length ?? 0) > 0;
}

interface Before {
  /** Revoked after the backup. */
  readonly token: string;
  /** A session that the backup does not know. */
  readonly lost: Answer['body'];
}

async function finish(report: DrillReport, stage: DrillStage, { token, lost }: Before) {
  const atOrders = async (each: unknown) =>
    outcomeOf(await send(stage.urls('orders'), '/orders', { token: String(each) }));
  const isRefused = await until(async () => (await atOrders(token)).startsWith('401'), {
    withinMs: 30_000,
  });
  report.promise('a token that was revoked after the backup is dead', isRefused);
  const isForgotten = await until(
    async () => (await atOrders(lost['access_token'])).startsWith('401'),
    { withinMs: 30_000 },
  );
  report.promise('so is one of a session that the backup does not know', isForgotten);
  const isFine = await until(
    async () => (await atOrders((await logIn(stage))['access_token'])) === 'ok',
    { withinMs: 30_000 },
  );
  report.promise('a new login is good at orders', isFine);
}
