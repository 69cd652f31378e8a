import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../supervision/free-port.js';
import { Launched } from '../testing/launched.fixture.js';
import { descendants, survivors } from '../testing/processes.fixture.js';
import { tinyApp } from '../testing/tiny-app.fixture.js';
import type { App } from './app.js';

let directory: string;
let apps: App[];
const launched: Launched[] = [];

function launch(options: { apps?: App[]; env?: NodeJS.ProcessEnv } = {}): Launched {
  const launcher = Launched.start({ directory, apps, ...options });
  launched.push(launcher);
  return launcher;
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
  chmodSync(directory, 0o755);
  apps = [
    tinyApp(directory, 'left', { port: await freePort() }),
    tinyApp(directory, 'right', { port: await freePort() }),
  ];
});

afterEach(async () => {
  for (const launcher of launched.splice(0)) {
    const pids = descendants(launcher.pid);
    launcher.kill('SIGKILL');
    expect(await survivors(pids)).toEqual([]);
  }
  rmSync(directory, { recursive: true });
});

const get = async (port: number, path: string) =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).text();

describe('the launcher', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends everything in order after %s',
    async (signal) => {
      const launcher = launch();
      await launcher.says('Ready after');
      const below = descendants(launcher.pid);
      launcher.kill(signal);
      expect(await launcher.ended).toBe(0);
      expect(await survivors(below, 0)).toEqual([]);
      expect(readFileSync(join(directory, 'logs/postgres.log'), 'utf8')).toContain(
        'database system is shut down',
      );
    },
  );

  it('leaves no process behind after kill -9', async () => {
    const launcher = launch();
    await launcher.says('Ready after');
    const below = descendants(launcher.pid);
    // Postgres alone is a postmaster with children; each program has a watchdog, too.
    expect(below.length).toBeGreaterThan(6);
    launcher.kill('SIGKILL');
    await launcher.ended;
    expect(await survivors(below)).toEqual([]);
  });
});
