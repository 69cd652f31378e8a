import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '@jwt-auth/dev-stack';

const exec = promisify(execFile);

/** What `npm pack` says of a package. */
export interface Packed {
  /** The tarball, absolute. */
  readonly tarball: string;
  readonly unpackedSize: number;
  /** Of each file, from the root of the package. */
  readonly paths: readonly string[];
}

/** A directory outside the workspace. */
export const emptyDirectory = () => mkdtemp(path.join(tmpdir(), 'jwt-core-package-'));

/** Packs a library, which has been built. */
export async function packLibrary(into: string, name = 'jwt-core'): Promise<Packed> {
  const { stdout } = await exec(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', into],
    { cwd: path.join(ROOT, 'libs', name) },
  );
  const [packed] = JSON.parse(stdout) as [
    { filename: string; unpackedSize: number; files: { path: string }[] },
  ];
  return {
    tarball: path.join(into, packed.filename),
    unpackedSize: packed.unpackedSize,
    paths: packed.files.map((file) => file.path),
  };
}

/** Runs a program to its end. @throws Error with all that it printed, if it fails */
export async function run(
  command: string,
  args: string[],
  cwd: string,
  { env = {}, withinMs = 55_000 }: { env?: NodeJS.ProcessEnv; withinMs?: number } = {},
): Promise<string> {
  const whole = { ...process.env, NODE_OPTIONS: '', ...env };
  try {
    const { stdout } = await exec(command, args, { cwd, env: whole, timeout: withinMs });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    const output = `${stdout}\n${stderr}`.trim();
    throw new Error(`${command} ${args.join(' ')} failed:\n${output}`, { cause: error });
  }
}
