import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { freePort } from '../supervision/free-port.js';
import { descendants, survivors } from '../testing/processes.fixture.js';
import { tinyApp } from '../testing/tiny-app.fixture.js';
import { StackSettings } from './settings.js';
import { Stack } from './stack.js';

const directory = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('stops an app that was still starting when another one failed', async () => {
  const app = tinyApp(directory, 'left', { port: await freePort() });
  const missing = tinyApp(directory, 'missing', { port: await freePort() });
  const apps = [{ ...missing, main: join(directory, 'none.mjs') }, app];
  const before = descendants(process.pid);
  const env = { PATH: process.env['PATH'], DATABASE_URL: 'postgres://none/auth' };
  const stack = new Stack(apps, new StackSettings(apps, env, directory), directory);
  await expect(stack.start()).rejects.toThrow('none.mjs is missing');
  await stack.stop();
  expect(stack.app('left')?.ended).toBeDefined();
  const left = descendants(process.pid).filter((pid) => !before.includes(pid));
  expect(await survivors(left, 0)).toEqual([]);
});
