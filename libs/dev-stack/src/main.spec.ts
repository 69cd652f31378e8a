import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from './stack/app.js';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}

// A shell that stays would end at a signal without the launcher, and npm would end with it: before
// the apps and Postgres have ended.
it.each(['start', 'dev'])('npm run %s has no shell between npm and the launcher', async (name) => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  // As the launcher would be started: `exec node …` prints the id of its process.
  const printsItsId = scripts[name]?.replace(
    'node libs/dev-stack/start.mjs',
    () => `sh -c 'echo $$'`,
  );
  expect(printsItsId).toContain('echo');
  // Without the second command some shells become the first one by themselves.
  const shell = promisify(execFile)('/bin/sh', ['-c', `${printsItsId}; exit`]);
  expect((await shell).stdout.trim()).toBe(String(shell.child.pid));
});
