import { readdirSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DevStackError, errorCode } from '../errors.js';
import { ProgramLog } from '../supervision/program-log.js';
import { SupervisedProcess } from '../supervision/supervised-process.js';
import { ROOT, type App } from './app.js';
import { describeExit } from './running-app.js';
import type { Stack } from './stack.js';

export interface RebuildOptions {
  /** Folders with sources, absolute. */
  sources: readonly string[];
  /** When the build of what runs now began, in milliseconds since 1970. */
  builtAt: number;
  /** The arguments of the `node` that builds all apps. */
  buildArgs: readonly string[];
}

/** What the apps are built from, besides their own folders. */
export const SHARED_SOURCES = ['apps/console', 'libs/browser', 'libs/chassis', 'libs/jwt-core'];

const CHECK_MS = 300;
const SETTLE_MS = 100;
const NO_SOURCES = ['node_modules', 'dist', 'dist-spec', 'compiled', 'test-results'];

/**
 * Builds after each change of a source, and restarts the apps: a change may concern what an app only reads
 * when it starts. A build that fails leaves the apps as they are; an app that ends is started again after
 * the next change.
 *
 * Compares modification times, because `node --watch` and `fs.watch` miss changes on Node 20: editors
 * replace files, and a build replaces whole folders. A pass over this repository takes some 10 ms.
 */
export async function rebuildOnChange(
  stack: Stack,
  apps: readonly App[],
  options: RebuildOptions,
  signal: AbortSignal,
): Promise<undefined> {
  let built = modificationTimes(options.sources);
  let isCurrent = [...built.values()].every((time) => time <= options.builtAt);
  const reported = new Set<unknown>();
  console.log('Waiting for changes.');
  while (await pause(CHECK_MS, signal)) {
    reportEnds(stack, apps, reported);
    const found = modificationTimes(options.sources);
    const change = firstDifference(built, found);
    if (isCurrent && change === undefined) continue;
    built = await settled(options.sources, found, signal);
    isCurrent = true;
    console.log(`\nChanged: ${change ?? 'a source'}. Building ...`);
    if (await build(options.buildArgs, signal)) await restartAll(stack, apps);
  }
  return undefined;
}

/** Waits until an editor or git has written all its files. */
async function settled(
  sources: readonly string[],
  found: Map<string, number>,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  for (let last = found; await pause(SETTLE_MS, signal);) {
    const next = modificationTimes(sources);
    if (firstDifference(last, next) === undefined) return next;
    last = next;
  }
  return found;
}

async function build(args: readonly string[], signal: AbortSignal): Promise<boolean> {
  const log = ProgramLog.unnamed();
  const building = await SupervisedProcess.start({
    name: 'build',
    command: process.execPath,
    args,
    cwd: ROOT,
    env: process.env,
    log,
  });
  const stop = () => void building.stop();
  signal.addEventListener('abort', stop);
  const { code } = await building.exited;
  signal.removeEventListener('abort', stop);
  if (signal.aborted) return false;
  if (code === 0) return true;
  console.error(`${log.text()}\nThe build failed. The apps still run as they were built before.`);
  return false;
}

async function restartAll(stack: Stack, apps: readonly App[]): Promise<void> {
  for (const app of apps) {
    try {
      await stack.restart(app);
      console.log(`${app.name} restarted.`);
    } catch (error) {
      if (!(error instanceof DevStackError) || error.code !== 'did_not_start') throw error;
      console.error(`\n${error.message}`);
    }
  }
}

function reportEnds(stack: Stack, apps: readonly App[], reported: Set<unknown>): void {
  for (const { name } of apps) {
    const app = stack.app(name);
    if (!app?.ended || reported.has(app)) continue;
    reported.add(app);
    const exit = describeExit(app.ended);
    console.error(`\n${name} ended (${exit}). It starts again after the next change.`);
    console.error(app.logTail());
  }
}

/** When each file below the folders was changed. What vanishes while it looks is left out. */
export function modificationTimes(folders: readonly string[]): Map<string, number> {
  const times = new Map<string, number>();
  const visit = (folder: string) => {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!NO_SOURCES.includes(entry.name)) visit(path);
        continue;
      }
      const found = statSync(path, { throwIfNoEntry: false });
      if (found) times.set(path, found.mtimeMs);
    }
  };
  for (const folder of folders) visit(folder);
  return times;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A path that is new, gone, or has another time. */
function firstDifference(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): string | undefined {
  for (const [path, time] of after) if (before.get(path) !== time) return path;
  for (const path of before.keys()) if (!after.has(path)) return path;
  return undefined;
}

/** @returns `false` when the signal aborts, at once */
async function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
