import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
} from 'node:fs';
import { readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canEnter, firstAccount, SHARED_PLACE } from '../postgres/account.js';
import { binariesPackage } from '../postgres/binaries.js';
import { freePort } from '../supervision/free-port.js';
import { Launched, type LaunchedOptions } from '../testing/launched.fixture.js';
import { descendants, survivors } from '../testing/processes.fixture.js';
import { tinyApp } from '../testing/tiny-app.fixture.js';

const isRoot = process.getuid?.() === 0;
const NORMAL = firstAccount(['nobody', 'daemon']);
const here = fileURLToPath(new URL('.', import.meta.url));

let directory: string;
const launched: Launched[] = [];
/** Programs start slowly on a machine that runs every other suite, too. */
const SLOW = { timeout: 90_000 };

async function launch(options: Partial<LaunchedOptions> = {}): Promise<Launched> {
  const apps = [tinyApp(directory, 'tiny', { port: await freePort() })];
  const launcher = Launched.start({ directory, apps, ...options });
  launched.push(launcher);
  return launcher;
}

async function end(launcher: Launched): Promise<void> {
  launcher.kill('SIGTERM');
  expect(await launcher.ended, launcher.output).toBe(0);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
});
afterEach(async () => {
  for (const launcher of launched.splice(0)) {
    const below = descendants(launcher.pid);
    launcher.kill('SIGKILL');
    expect(await survivors(below)).toEqual([]);
  }
  rmSync(directory, { recursive: true });
});

describe.runIf(isRoot)('as root', SLOW, () => {
  it('starts in a repository under a mode-700 path, and keeps the data', async () => {
    const copies = existsSync(SHARED_PLACE);
    const built = closedRepository();
    const link = join(directory, 'postgres');
    let place = '';
    try {
      const first = await launch({ built });
      await first.says('Ready after');
      place = realpathSync(link);
      expect(lstatSync(link).isSymbolicLink()).toBe(true);
      expect(first.output).toContain(place);
      await end(first);
      const password = readFileSync(join(link, 'password'), 'utf8');

      const second = await launch({ built });
      await second.says('Ready after');
      expect(second.output).toContain(password);
      expect(realpathSync(link)).toBe(place);
      await end(second);
    } finally {
      rmSync(copies ? place : SHARED_PLACE, { recursive: true, force: true });
    }
  });

  it('serves the data of a normal user as that user', async () => {
    chmodSync(directory, 0o755);
    const dir = join(directory, 'postgres');
    mkdirSync(dir);
    chownSync(dir, NORMAL.uid, NORMAL.gid);
    const launcher = await launch();
    await launcher.says('Ready after');
    expect(statSync(join(dir, 'postmaster.pid')).uid).toBe(NORMAL.uid);
    await end(launcher);
  });
});

describe.runIf(!isRoot || canEnter(here, NORMAL))('as a normal user', SLOW, () => {
  const account = isRoot ? NORMAL : undefined;

  beforeEach(() => {
    if (account) chownSync(directory, account.uid, account.gid);
  });

  it('starts, and starts again', async () => {
    for (const start of ['first', 'second']) {
      const launcher = await launch({ account });
      await launcher.says('Ready after');
      expect(statSync(join(directory, 'postgres')).uid, start).toBe(statSync(directory).uid);
      await end(launcher);
    }
  });

  it.each([
    ['another user made', 'closed'],
    ['lies below one that another user closed', 'closed/postgres'],
  ])('names the directory that %s', async (_, path) => {
    const closed = join(directory, 'closed');
    mkdirSync(closed, { mode: isRoot ? 0o700 : 0o000 });
    const EMBEDDED_POSTGRES_DIR = join(directory, path);
    const launcher = await launch({ account, env: { EMBEDDED_POSTGRES_DIR } });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output).toContain(`${EMBEDDED_POSTGRES_DIR} cannot hold the data of Postgres`);
    expect(launcher.output).not.toContain('    at ');
    chmodSync(closed, 0o700);
  });
});

/** A copy of what the launcher consists of, where no other account reaches it. */
function closedRepository(): URL {
  chmodSync(directory, 0o700);
  const library = join(directory, 'libs/dev-stack');
  const modules = join(directory, 'node_modules');
  cpSync(join(here, '../../dist'), join(library, 'dist'), { recursive: true });
  writeFileSync(join(library, 'package.json'), '{ "type": "module" }');
  const { resolve } = createRequire(import.meta.url);
  const binaries = dirname(dirname(resolve(binariesPackage())));
  cpSync(binaries, join(modules, binariesPackage()), { recursive: true, verbatimSymlinks: true });
  symlinkSync(dirname(resolve('pg/package.json')), join(modules, 'pg'));
  return pathToFileURL(join(library, 'dist/'));
}
