import { DevStackError } from '../dev-stack-error.js';
import type { App } from './app.js';
import { StackSettings } from './settings.js';
import { Stack } from './stack.js';
import { stopRequest } from './stop-request.js';
import { welcome } from './welcome.js';

export interface LauncherOptions {
  apps: readonly App[];
  env: NodeJS.ProcessEnv;
  /** Where each program's output goes, in a file of its own. */
  logDir: string;
}

/**
 * Runs the stack until SIGINT, SIGTERM or SIGHUP asks it to end, or one of its programs ends.
 * @returns the exit code: 0 when asked to end, 1 after a problem, which is then on stderr
 */
export async function runLauncher({ apps, env, logDir }: LauncherOptions): Promise<number> {
  const stopRequested = stopRequest(env);
  let stack: Stack | undefined;
  try {
    const settings = new StackSettings(apps, env);
    stack = new Stack(apps, settings, logDir);
    console.log(`Starting ${[...names(settings), ...apps.map(({ name }) => name)].join(', ')} ...`);
    const startedAt = performance.now();
    const ended = stack.start().then(async () => {
      const seconds = (performance.now() - startedAt) / 1000;
      if (stack) console.log(welcome({ apps, settings, stack, logDir, seconds }));
      return stack?.failure();
    });
    const failure = await Promise.race([ended, stopRequested]);
    if (failure) throw failure;
    console.log('\nStopping.');
    return 0;
  } catch (error) {
    console.error(error instanceof DevStackError ? `\n${error.message}\n` : error);
    return 1;
  } finally {
    await stack?.stop();
  }
}

const names = ({ databaseUrl }: StackSettings) => (databaseUrl === undefined ? ['Postgres'] : []);
