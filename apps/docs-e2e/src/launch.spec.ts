import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '@jwt-auth/dev-stack';
import { expect, it } from 'vitest';
import { read } from './files.js';

interface LaunchFile {
  configurations: { name: string; program: string; args: string[]; cwd: string }[];
}

it('debugs the spec that is open in VS Code, in whatever folder it is', async () => {
  const file = resolve(ROOT, 'libs/jwt-core/src/keys/jwk.spec.ts');
  const values: Record<string, string> = {
    file,
    fileDirname: dirname(file),
    workspaceFolder: ROOT,
  };
  const filled = (text: string) =>
    text.replace(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const { configurations } = JSON.parse(read('.vscode/launch.json')) as LaunchFile;
  const debug = configurations.find(({ name }) => name === 'Debug the open spec');

  const command = [debug?.program ?? '', ...(debug?.args ?? [])].map(filled);
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    cwd: filled(debug?.cwd ?? ''),
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  expect(stdout).toMatch(/Test Files +1 passed \(1\)/);
});
