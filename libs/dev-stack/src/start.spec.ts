import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ROOT } from './stack/app.js';
import { until } from './supervision/until.js';
import { descendants, survivors } from './testing/processes.fixture.js';

const SCRIPT = 'libs/dev-stack/start.mjs';
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dev-stack-start-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The script in a repository with this program in place of nx. */
function start(nx: string) {
  const files = [SCRIPT, 'node_modules/nx/bin/nx.js'].map((path) => join(directory, path));
  for (const file of files) mkdirSync(dirname(file), { recursive: true });
  const [script = '', program = ''] = files;
  copyFileSync(join(ROOT, SCRIPT), script);
  writeFileSync(program, nx);
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return { child, pid: child.pid ?? 0, errors: () => errors };
}

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s during the build ends it', async (signal) => {
  const began = join(directory, 'began');
  const { child, pid } = start(`
    require('node:fs').writeFileSync(${JSON.stringify(began)}, '');
    setTimeout(() => {}, 20_000);`);
  await until(() => existsSync(began), { withinMs: 30_000 });
  const below = descendants(pid);
  expect(below).toHaveLength(1);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await survivors(below, 0)).toEqual([]);
});

it('shows what a build that fails has printed', async () => {
  const { child, errors } = start(`console.log('no such file'); process.exitCode = 2;`);
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(errors()).toBe('no such file\n\nThe build failed.\n');
});
