import { join } from 'node:path';
import { DevStackError } from '../errors.js';
import type { App } from './app.js';
import { fillDemo } from './demo.js';
import { rebuildOnChange, type RebuildOptions } from './rebuild.js';
import { StackSettings } from './settings.js';
import { Stack } from './stack.js';
import { welcome } from './welcome.js';

export interface LauncherOptions {
  apps: readonly App[];
  env: NodeJS.ProcessEnv;
  /** Keeps generated secrets and, in `logs`, the output of each program. */
  dataDir: string;
  /** Rebuilds and restarts apps when sources change (`npm run dev`). Then an app may end by itself. */
  rebuild?: RebuildOptions;
}

/**
 * Runs the stack until SIGINT, SIGTERM or SIGHUP asks it to end, or one of its programs ends.
 * @returns the exit code: 0 when asked to end, 1 after a problem, which is then on stderr
 */
export async function runLauncher({
  apps,
  env,
  dataDir,
  rebuild,
}: LauncherOptions): Promise<number> {
  const stopRequested = stopRequest(env);
  const stopped = new AbortController();
  let stack: Stack | undefined;
  try {
    const settings = new StackSettings(apps, env, dataDir);
    const logDir = join(dataDir, logFolder(apps, settings));
    stack = new Stack(apps, settings, logDir);
    console.log(`Starting ${[...names(settings), ...apps.map(({ name }) => name)].join(', ')} ...`);
    const startedAtMs = performance.now();
    const running = stack;
    const ended = running.start().then(async () => {
      await showDemo(running, settings);
      const seconds = (performance.now() - startedAtMs) / 1000;
      console.log(welcome({ apps, settings, stack: running, logDir, seconds }));
      if (!rebuild) return running.failure();
      const rebuilding = rebuildOnChange(running, apps, rebuild, stopped.signal);
      return Promise.race([running.postgresFailure(), rebuilding]);
    });
    const failure = await Promise.race([ended, stopRequested]);
    if (failure) throw failure;
    console.log('\nStopping.');
    return 0;
  } catch (error) {
    console.error(error instanceof DevStackError ? `\n${error.message}\n` : error);
    return 1;
  } finally {
    stopped.abort();
    await stack?.stop();
  }
}

/** A second start, which needs other ports, keeps its logs apart. */
function logFolder([first]: readonly App[], settings: StackSettings): string {
  const port = first && settings.portOf(first);
  return port === first?.defaultPort ? 'logs' : `logs-${port}`;
}

/** A demo that cannot be made keeps nobody from working. */
async function showDemo(stack: Stack, { demoPassword }: StackSettings): Promise<void> {
  const [auth, orders] = [stack.app('auth'), stack.app('orders')];
  if (demoPassword === undefined || !auth || !orders) return;
  try {
    await fillDemo({ auth: auth.url, orders: orders.url, password: demoPassword });
  } catch (error) {
    console.log(`No demo sessions and orders: ${String(error)}`);
  }
}

const names = ({ databaseUrl }: StackSettings) => (databaseUrl === undefined ? ['Postgres'] : []);

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One Ctrl-C arrives twice, from the terminal and from npm: that is one request. */
const SAME_REQUEST_MS = 1_000;
const PARENT_CHECK_MS = 500;

/**
 * Settles when this process is to end: on a signal, or when the npm that runs it has ended, which may be
 * killed. A later signal ends the process at once.
 */
function stopRequest(env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve) => {
    let requestedAtMs: number | undefined;
    const request = () => {
      if (requestedAtMs !== undefined && performance.now() - requestedAtMs > SAME_REQUEST_MS)
        process.exit(1);
      requestedAtMs ??= performance.now();
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, request);
    if (env['npm_lifecycle_event'] !== undefined) onOrphaned(resolve);
  });
}

function onOrphaned(act: () => void): void {
  // The npm itself: the scripts in package.json begin with `exec`.
  const npm = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(check);
    act();
  }, PARENT_CHECK_MS);
  check.unref();
}
