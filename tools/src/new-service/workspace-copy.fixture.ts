import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '@jwt-auth/dev-stack';

const COPIED = ['.ci', 'apps', 'bench', 'chaos', 'deploy', 'docs', 'examples', 'libs', 'tools'];
const LEFT_OUT = ['node_modules', 'dist-spec', 'test-results', 'results', '.data'];

/**
 * A copy of this workspace as it is built, in a new directory. Packages are links to those that are
 * installed here, but for those of the workspace, which are its own.
 */
export function copyWorkspace(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'workspace-'));
  const files = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isFile());
  for (const name of [...files.map((file) => file.name), ...COPIED]) {
    cpSync(path.join(ROOT, name), path.join(copy, name), {
      recursive: true,
      // By its times a build is seen to be up to date.
      preserveTimestamps: true,
      filter: (source) => !LEFT_OUT.includes(path.basename(source)),
    });
  }
  linkPackages(copy);
  return copy;
}

function linkPackages(copy: string): void {
  const members = ['apps', 'libs'].flatMap((room) =>
    readdirSync(path.join(ROOT, room)).map((name) => path.join(room, name, 'node_modules')),
  );
  for (const folder of ['node_modules', ...members]) {
    const installed = path.join(ROOT, folder);
    if (!existsSync(installed)) continue;
    mkdirSync(path.join(copy, folder));
    for (const name of readdirSync(installed)) {
      const isOurs = name === '@jwt-auth';
      if (name === '.cache') continue;
      if (isOurs) cpSync(path.join(installed, name), path.join(copy, folder, name), KEEP_LINKS);
      else symlinkSync(path.join(installed, name), path.join(copy, folder, name));
    }
  }
}

const KEEP_LINKS = { recursive: true, verbatimSymlinks: true };

/** Runs node to its end. @throws Error with all that it printed, if it fails */
export async function runNode(cwd: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], CI: 'true' };
  const child = spawn(process.execPath, args, { cwd, env, timeout: 300_000 });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return output;
  throw new Error(`node ${args.join(' ')} ended with ${code}:\n${output}`);
}
