import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DevStackError } from '../errors.js';
import { freePort, listenError } from '../supervision/free-port.js';
import { ProgramLog } from '../supervision/program-log.js';
import { SupervisedProcess, type ProcessExit } from '../supervision/supervised-process.js';
import { until } from '../supervision/until.js';
import { appNamed, ROOT, type App } from './app.js';
import { withSettings } from './settings.js';

const READY_WITHIN_MS = 60_000;
const ASK_WITHIN_MS = 2_000;

export interface AppLaunch {
  app: App;
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  host?: string;
  port: number;
  log: ProgramLog;
  /** Whether errors name lines of the sources, for some ten megabytes. Default: they do. */
  sourceMaps?: boolean | undefined;
}

/** A built app as a process of its own, which ends with the process that started it. */
export class RunningApp {
  readonly name: string;
  /** Where it listens, without a slash at the end. */
  readonly url: string;

  private constructor(
    { app, host = '127.0.0.1', port, log }: AppLaunch,
    private readonly process: SupervisedProcess,
    private readonly output = log,
  ) {
    this.name = app.name;
    this.url = `http://${reachable(host)}:${port}`;
  }

  /** Starts the process. @throws DevStackError `did_not_start` when it was not built */
  static async start(launch: AppLaunch): Promise<RunningApp> {
    const { app, env, port, log, sourceMaps = true } = launch;
    const main = resolve(ROOT, app.main);
    if (!existsSync(main)) {
      throw new DevStackError('did_not_start', `${main} is missing: run npm run build first.`);
    }
    const process = await SupervisedProcess.start({
      name: app.name,
      command: globalThis.process.execPath,
      args: [...(sourceMaps ? ['--enable-source-maps'] : []), main],
      cwd: ROOT,
      env: withSettings(env, { [app.portSetting]: String(port) }),
      log,
    });
    return new RunningApp(launch, process);
  }

  get pid(): number {
    return this.process.pid;
  }

  /** How the app ended, or `undefined` while it runs. */
  get ended(): ProcessExit | undefined {
    return this.process.ended;
  }

  /** Settles when the app has ended, for whatever reason. */
  get exited(): Promise<ProcessExit> {
    return this.process.exited;
  }

  /** Everything the app has printed so far. */
  log(): string {
    return this.output.text();
  }

  /** The last lines of {@link log} and where the rest is, for an error message. */
  logTail(): string {
    return this.output.tail();
  }

  /**
   * Waits until `/health/ready` answers 200.
   * @throws DevStackError `did_not_start` with the end of the log, when the app ends before that,
   *   or is not ready in time
   */
  async ready(withinMs = READY_WITHIN_MS): Promise<this> {
    let answer = 'no answer';
    const ask = async () => {
      if (this.process.ended) return this.process.ended;
      answer = await readiness(`${this.url}/health/ready`);
      return answer === 'ready' ? answer : undefined;
    };
    const outcome = await until(ask, { withinMs, everyMs: 50 });
    if (outcome === 'ready') return this;
    const reason = outcome
      ? `ended before it was ready (${describeExit(outcome)})`
      : `was not ready within ${withinMs / 1000} s: ${answer}`;
    throw new DevStackError('did_not_start', `${this.name} ${reason}\n${this.logTail()}`);
  }

  /** Sends SIGTERM, and SIGKILL to an app that ignores it, and waits for the end. */
  stop(): Promise<ProcessExit> {
    return this.process.stop();
  }

  /** Sends one signal, default SIGKILL; await {@link exited} for its effect. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.process.signal(signal);
  }
}

/** How a process ended, in words. */
export function describeExit({ code, signal }: ProcessExit): string {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}

/** The host of the URL where this machine finds a server that listens on `host`. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** `ready`, or why not. */
async function readiness(url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(ASK_WITHIN_MS),
    });
    const body = await response.text();
    return response.ok ? 'ready' : `${url} answers ${response.status} ${body.slice(0, 500)}`;
  } catch (error) {
    return `${url} does not answer (${String(error)})`;
  }
}

export interface StartAppOptions {
  /** Settings of the app. Of the caller's environment only `PATH` and `HOME` reach it. */
  env?: NodeJS.ProcessEnv;
  /** Default: a free one. */
  port?: number;
  /** Default: a minute. */
  readyWithinMs?: number;
  /** Whether errors name lines of the sources, for some ten megabytes. Default: they do. */
  sourceMaps?: boolean;
}

/**
 * Starts a built app, of this repository by its name, and waits until it is ready. It listens on
 * 127.0.0.1, or on the `HOST` of its settings.
 * @throws DevStackError `did_not_start` with the end of its log, `port_taken`
 */
export async function startApp(
  name: string | App,
  { env = {}, port, readyWithinMs, sourceMaps }: StartAppOptions = {},
): Promise<RunningApp> {
  const app: App = typeof name === 'string' ? appNamed(name) : name;
  // Another program that listens there and answers would be taken for the app.
  if (port !== undefined && (await listenError(port))) {
    throw new DevStackError('port_taken', `Port ${port} of 127.0.0.1, for ${app.name}, is taken.`);
  }
  for (let attempt = 1; ; attempt++) {
    const running = await RunningApp.start({
      app,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      host: env['HOST'],
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
