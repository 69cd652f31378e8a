import { cp } from 'node:fs/promises';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '@jwt-auth/dev-stack';
import { run } from './packed.js';

/** The projects that install the package, as they are in `projects/`. */
export type Project = 'nest-12' | 'nest-11' | 'express';

const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc6');
const install = [
  ...['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'],
  // Or npm would try for minutes before it says that it cannot reach the registry.
  ...['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=1000'],
];
const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|E50\d/;
const INSTALL_WITHIN_MS = 130_000;

/** The registry has not answered, or not in time. */
export class RegistryUnreachableError extends Error {
  override readonly name = 'RegistryUnreachableError';
}

/**
 * Copies a project to `into`, outside the workspace, and installs the tarball there.
 * @throws RegistryUnreachableError
 */
export async function installProject(
  project: Project,
  into: string,
  tarball: string,
): Promise<string> {
  const directory = path.join(into, project);
  await cp(path.join(ROOT, 'apps/package-e2e/projects', project), directory, { recursive: true });
  try {
    await run('npm', [...install, tarball], directory, { withinMs: INSTALL_WITHIN_MS });
  } catch (error) {
    const { killed } = (error as Error).cause as { killed?: boolean };
    if (!killed && !unreachable.test(String(error))) throw error;
    throw new RegistryUnreachableError(String(error), { cause: error });
  }
  return directory;
}

/** Compiles a project, or only checks its types with other options. */
export const compile = (directory: string, ...options: string[]) =>
  run(process.execPath, [tsc, '--project', '.', ...options], directory);

const running: ChildProcess[] = [];

/**
 * Starts a program of a project and returns its address, which the program prints when it listens
 * (`console.log(await app.getUrl())`).
 */
export async function serve(directory: string, program: string, env: object): Promise<string> {
  const child = spawn(process.execPath, [program], {
    cwd: directory,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  for await (const line of createInterface(child.stdout)) {
    const [address] = /http:\S+/.exec(line) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error(`${program} of ${directory} ended before it printed its address`);
}

/** Ends all programs that `serve` started. */
export async function endAll(): Promise<void> {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
