import { freePort, listenError } from '../supervision/free-port.js';
import { DevStackError } from '../dev-stack-error.js';
import { ProgramLog } from '../supervision/program-log.js';
import { APPS, type App, type AppName } from './app.js';
import { RunningApp } from './running-app.js';

export interface StartAppOptions {
  /** Settings of the app. Nothing else of the caller's environment reaches it. */
  env?: NodeJS.ProcessEnv;
  /** Default: a free one. */
  port?: number;
  /** Default: a minute. */
  readyWithinMs?: number;
  /** Whether errors name lines of the sources, for some ten megabytes. Default: they do. */
  sourceMaps?: boolean;
}

/**
 * Starts a built app on 127.0.0.1 and waits until it is ready.
 * @throws DevStackError `did_not_start` with the end of its log, `port_taken`
 */
export async function startApp(
  name: AppName | App,
  { env = {}, port, readyWithinMs, sourceMaps }: StartAppOptions = {},
): Promise<RunningApp> {
  const app: App = typeof name === 'string' ? APPS[name] : name;
  // Whoever listens there would be taken for the app, if it only answers.
  if (port !== undefined && (await listenError(port))) {
    throw new DevStackError('port_taken', `Port ${port} of 127.0.0.1, for ${app.name}, is taken.`);
  }
  for (let attempt = 1; ; attempt++) {
    const running = await RunningApp.start({
      app,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      port: port ?? (await freePort()),
      log: ProgramLog.unnamed(),
      sourceMaps,
    });
    try {
      return await running.ready(readyWithinMs);
    } catch (error) {
      await running.stop();
      // A free port may be taken between the look and the start; a demanded one stays taken.
      const isRetried = port === undefined && attempt < 3;
      if (!isRetried || !running.log().includes('EADDRINUSE')) throw error;
    }
  }
}
