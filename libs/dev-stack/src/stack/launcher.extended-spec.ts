import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../supervision/free-port.js';
import { until } from '../supervision/until.js';
import { Launched, type LaunchedOptions } from '../testing/launched.fixture.js';
import { descendants, survivors } from '../testing/processes.fixture.js';
import { tinyApp } from '../testing/tiny-app.fixture.js';
import { freshDatabase } from '../vitest/index.js';
import type { App } from './app.js';

let directory: string;
let left: App;
let right: App;
const launched: Launched[] = [];
/** Programs start slowly on a machine that runs every other suite, too. */
const SLOW = { timeout: 90_000 };

function launch(options: Partial<LaunchedOptions> = {}): Launched {
  const launcher = Launched.start({ directory, apps: [left, right], ...options });
  launched.push(launcher);
  return launcher;
}

/** On the Postgres of this run, for tests in which it does not matter whose that is. */
async function launchOnGivenPostgres(options: Partial<LaunchedOptions> = {}): Promise<Launched> {
  return launch({ ...options, env: { DATABASE_URL: await freshDatabase(), ...options.env } });
}

/** Ends a launcher by signals, which must end everything in order before itself. */
async function endInOrder(launcher: Launched, ...signals: NodeJS.Signals[]): Promise<void> {
  const below = descendants(launcher.pid);
  for (const signal of signals) launcher.kill(signal);
  expect(await launcher.ended).toBe(0);
  expect(await survivors(below, 0)).toEqual([]);
  const log = readFileSync(join(directory, 'logs/postgres.log'), 'utf8');
  expect(log).toContain('database system is shut down');
}

/** Databases for another launcher: those of the tests before, of which a copy is made sooner than new ones. */
function copyDatabases(to: string): void {
  const made = join(directory, 'postgres');
  if (existsSync(made)) execFileSync('cp', ['-a', made, to]);
}

async function get(app: App, path = '/'): Promise<string> {
  return (await fetch(`http://127.0.0.1:${app.defaultPort}${path}`)).text();
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
  chmodSync(directory, 0o755);
});
beforeEach(async () => {
  left = tinyApp(directory, 'left', { port: await freePort() });
  right = tinyApp(directory, 'right', { port: await freePort() });
});
afterEach(async () => {
  for (const launcher of launched.splice(0)) {
    const below = descendants(launcher.pid);
    launcher.kill('SIGKILL');
    expect(await survivors(below)).toEqual([]);
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

it('fills the demo, and starts all the same if that fails', SLOW, async () => {
  const apps = [
    tinyApp(directory, 'auth', { port: await freePort() }),
    tinyApp(directory, 'orders', { port: await freePort() }),
  ];
  const launcher = await launchOnGivenPostgres({ apps });
  await launcher.says('Ready after');
  expect(launcher.output).toContain('No demo sessions and orders');
  launcher.kill('SIGTERM');
  expect(await launcher.ended).toBe(0);
});

describe('a launcher that is asked to end', SLOW, () => {
  it('by SIGHUP or SIGTERM ends in order, and starts again: each app on the same database', async () => {
    const startAndEnd = async (signal: NodeJS.Signals) => {
      const launcher = launch();
      await launcher.says('Ready after');
      const urls = [
        await get(left, '/env?LEFT_DATABASE_URL'),
        await get(right, '/env?RIGHT_DATABASE_URL'),
      ];
      expect(await get(right, '/env?LEFT_DATABASE_URL')).toBe('');
      await endInOrder(launcher, signal);
      return urls.map((url) => new URL(url));
    };
    const first = await startAndEnd('SIGHUP');
    expect(first.map(({ pathname }) => pathname)).toEqual(['/left', '/right']);
    const second = await startAndEnd('SIGTERM');
    expect(second.map(({ password }) => password)).toEqual(first.map(({ password }) => password));
  });

  it('twice by one Ctrl-C, from the terminal and from npm, still ends in order', async () => {
    const launcher = launch();
    await launcher.says('Ready after');
    await endInOrder(launcher, 'SIGINT', 'SIGTERM');
  });

  it('while it still waits for an app ends all the same', async () => {
    const never = tinyApp(directory, 'never', { port: await freePort(), behaviour: 'neverReady' });
    const launcher = launch({ apps: [left, never] });
    await until(() => reachable(never), { withinMs: 20_000 });
    await endInOrder(launcher, 'SIGTERM');
    expect(launcher.output).not.toContain('Ready');
  });

  it.runIf(process.platform === 'linux')(
    'by the end of the script that started its npm does not end, and by that of npm does',
    async () => {
      const env = { npm_lifecycle_event: 'start' };
      const launcher = await launchOnGivenPostgres({ env, hasNpm: true });
      await launcher.says('Ready after');
      const below = descendants(launcher.pid);
      launcher.kill('SIGKILL');
      // It looks twice a second.
      await setTimeout(2_000);
      expect(await survivors(below, 0)).toEqual(below);
      process.kill(below[0] ?? 0, 'SIGKILL');
      expect(await survivors(below)).toEqual([]);
    },
  );
});

describe('after kill -9 of the launcher', SLOW, () => {
  it('no process is left, and the next start uses its logs', async () => {
    const launcher = launch();
    await launcher.says('Ready after');
    const below = descendants(launcher.pid);
    // Two apps and a postmaster with children, and a watchdog for each of the three.
    expect(below.length).toBeGreaterThan(6);
    launcher.kill('SIGKILL');
    expect(await survivors(below)).toEqual([]);
    const next = launch();
    await next.says('Ready after');
    expect(next.output).toMatch(new RegExp(`${join(directory, 'logs')}$`, 'm'));
  });

  it('in the middle of the first start nothing half-made is left, and the next start works', async () => {
    const env = { EMBEDDED_POSTGRES_DIR: join(directory, 'half/postgres') };
    const first = launch({ env });
    const halfMade = () => readNames(join(directory, 'half')).find(isBeingFilled);
    await until(halfMade, { withinMs: 10_000, everyMs: 1 });
    const below = descendants(first.pid);
    first.kill('SIGKILL');
    expect(await survivors(below)).toEqual([]);
    expect(readNames(join(directory, 'half'))).toEqual([]);
    await launch({ env }).says('Ready after');
  });
});

describe('the apps of the stack', SLOW, () => {
  it('get the Postgres of DATABASE_URL, and no other is started', async () => {
    const url = await freshDatabase();
    const launcher = launch({ env: { DATABASE_URL: url, EMBEDDED_POSTGRES_DIR: '/nowhere' } });
    await launcher.says('Ready after');
    expect(await get(left, '/env?DATABASE_URL')).toBe(url);
    expect(launcher.output).not.toContain(new URL(url).password);
    expect(descendants(launcher.pid)).toHaveLength(4);
  });

  it('send their mail to a mailbox, whose page is named, unless there is a mail server', async () => {
    const mailer = { ...left, mailSetting: 'SMTP_URL' };
    const launcher = await launchOnGivenPostgres({ apps: [mailer, right] });
    await launcher.says('Ready after');
    expect(await get(left, '/env?SMTP_URL')).toMatch(/^smtp:\/\/127\.0\.0\.1:\d+$/);
    const [, page = ''] = /^ {2}mailbox +(\S+)/m.exec(launcher.output) ?? [];
    expect(await (await fetch(page)).text()).toContain('No mail yet');
    launcher.kill('SIGTERM');
    await launcher.ended;
    const env = { SMTP_URL: 'smtp://own.example' };
    const other = await launchOnGivenPostgres({ apps: [mailer, right], env });
    await other.says('Ready after');
    expect(await get(left, '/env?SMTP_URL')).toBe('smtp://own.example');
    expect(other.output).not.toContain('mailbox');
  });

  it('are missed when one ends: everything stops, and its last words are shown', async () => {
    const launcher = await launchOnGivenPostgres();
    await launcher.says('Ready after');
    const below = descendants(launcher.pid);
    await get(right, '/end').catch(() => undefined);
    expect(await launcher.ended).toBe(1);
    expect(launcher.output).toMatch(/right ended by itself \(exit code 7\)[^]*asked to end/);
    expect(launcher.output).toContain(join(directory, 'logs/right.log'));
    expect(await survivors(below, 0)).toEqual([]);
  });
});

describe('a second start in the same directory', SLOW, () => {
  const log = (folder: string, app: App) =>
    readFileSync(join(directory, folder, `${app.name}.log`), 'utf8');
  const second = (env: NodeJS.ProcessEnv, leftPort: number, rightPort: number) =>
    launch({ env: { LEFT_PORT: `${leftPort}`, RIGHT_PORT: `${rightPort}`, ...env } });

  it('is refused on the same database; on another it has logs of its own, and the same demo client', async () => {
    const EMBEDDED_POSTGRES_DIR = join(directory, 'second-postgres');
    copyDatabases(EMBEDDED_POSTGRES_DIR);
    await launch().says('Ready after');
    const [leftPort, rightPort] = [await freePort(), await freePort()];
    const refused = second({}, leftPort, rightPort);
    expect(await refused.ended).toBe(1);
    expect(refused.output).toMatch(/already runs on .*EMBEDDED_POSTGRES_DIR/s);
    expect(log('logs', left)).toBe('left listens\n');

    const other = second({ EMBEDDED_POSTGRES_DIR }, leftPort, rightPort);
    await other.says('Ready after');
    expect(other.output).toContain(join(directory, `logs-${leftPort}`));
    for (const folder of ['logs', `logs-${leftPort}`]) {
      expect(readNames(join(directory, folder))).toContain('postgres.log');
      expect(log(folder, left)).toBe('left listens\n');
    }
    const secretAt = async (port: number) =>
      (await fetch(`http://127.0.0.1:${port}/env?CLIENT_SECRET`)).text();
    expect(await secretAt(leftPort)).toMatch(/^[\w-]{43}$/);
    expect(await secretAt(leftPort)).toBe(await secretAt(left.defaultPort));
  });
});

describe('starts at the same moment', SLOW, () => {
  it('each get a port for Postgres', async () => {
    const started = [];
    for (const name of ['one', 'two']) {
      const own = join(directory, name);
      mkdirSync(own);
      chmodSync(own, 0o755);
      copyDatabases(join(own, 'postgres'));
      const app = tinyApp(own, name, { port: await freePort() });
      started.push(launch({ directory: own, apps: [app] }));
    }
    await Promise.all(started.map((launcher) => launcher.says('Ready after', 60_000)));
  });
});

describe('the launcher refuses to start', () => {
  it('when the port of an app is taken, naming port and setting', async () => {
    const taker = createServer().listen(right.defaultPort, '127.0.0.1');
    const launcher = launch();
    expect(await launcher.ended).toBe(1);
    taker.close();
    expect(launcher.output).toMatch(new RegExp(`Port ${right.defaultPort}.*RIGHT_PORT`));
  });

  it('when a setting is wrong, naming it', async () => {
    const launcher = launch({ env: { LEFT_PORT: 'http' } });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output).toContain('LEFT_PORT must be a port from 1 to 65535');
  });

  it('when an app ends before it is ready, showing its last words', async () => {
    const broken = tinyApp(directory, 'broken', {
      port: await freePort(),
      behaviour: 'endsAtStart',
    });
    const launcher = await launchOnGivenPostgres({ apps: [left, broken] });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output).toMatch(
      /broken ended before it was ready \(exit code 3\)\nno database/,
    );
  });

  it('when an app was not built', async () => {
    const apps = [{ ...left, main: join(directory, 'dist/main.js') }];
    const launcher = await launchOnGivenPostgres({ apps });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output).toContain('dist/main.js is missing: run npm run build');
  });
});

function isBeingFilled(name: string): boolean {
  return existsSync(join(directory, 'half', name, 'data/PG_VERSION'));
}

async function reachable(app: App): Promise<boolean> {
  return get(app).then(
    () => true,
    () => false,
  );
}

function readNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
