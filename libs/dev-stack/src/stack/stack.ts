import { join } from 'node:path';
import { DevStackError } from '../errors.js';
import { startPostgres, type PostgresServer } from '../postgres/postgres-server.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import { listenError } from '../supervision/free-port.js';
import { ProgramLog } from '../supervision/program-log.js';
import type { App } from './app.js';
import { describeExit, RunningApp } from './running-app.js';
import type { StackSettings } from './settings.js';

/** Free on most machines, and the same at every start. */
const POSTGRES_PORT = 15_432;
const MAIL_PORTS = { smtpPort: 11_025, pagePort: 18_025 };

/** The embedded Postgres and the apps on it, started and stopped as one. */
export class Stack {
  private readonly running = new Map<string, RunningApp>();
  /** The embedded server, unless there is another one. */
  embeddedPostgres: PostgresServer | undefined;
  /** What takes the mail of the apps, unless there is a mail server. */
  mailbox: Mailbox | undefined;
  /** Settles when all that was begun to start has started or failed. */
  private starting: Promise<unknown> = Promise.resolve();
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly apps: readonly App[],
    private readonly settings: StackSettings,
    private readonly logDir: string,
  ) {}

  /**
   * Starts everything. Resolves when every app is ready.
   * @throws DevStackError; `stop` must be called then, too
   */
  start(): Promise<void> {
    return this.track(this.bringUp());
  }

  /** Settles when the first program of the stack has ended: which one, and its last output. */
  async failure(): Promise<DevStackError> {
    const ends = [...this.running.values()].map(async (app) => {
      const exit = describeExit(await app.exited);
      return `${app.name} ended by itself (${exit}). Its last lines:\n${app.logTail()}`;
    });
    const ended = await Promise.race([...ends, this.postgresFailure()]);
    return typeof ended === 'string' ? new DevStackError('ended', ended) : ended;
  }

  /** Settles when the embedded server has ended. */
  async postgresFailure(): Promise<DevStackError> {
    const server = this.embeddedPostgres;
    if (!server) return new Promise(() => undefined);
    await server.exited;
    return new DevStackError('ended', `Postgres ended by itself:\n${server.logTail()}`);
  }

  /** The process of an app, if it was started. */
  app(name: string): RunningApp | undefined {
    return this.running.get(name);
  }

  /** Stops an app, if it runs, and starts it again. Resolves when it is ready. */
  restart(app: App): Promise<void> {
    return this.track(
      (async () => {
        await this.running.get(app.name)?.stop();
        await this.startApp(app);
      })(),
    );
  }

  /** Ends the apps, then the server. Safe at any moment, more than once. */
  stop(): Promise<void> {
    return (this.stopping ??= this.takeDown());
  }

  private async bringUp(): Promise<void> {
    for (const app of this.apps) await this.refuseTakenPort(app);
    if (this.settings.databaseUrl === undefined) await this.startPostgres();
    if (this.settings.needsMailbox(this.apps)) {
      // Loaded only here: a stack without mail has no need of its packages.
      const { Mailbox } = await import('../mailbox/mailbox.js');
      this.mailbox = await Mailbox.start(MAIL_PORTS);
    }
    await Promise.all(this.apps.map((app) => this.track(this.startApp(app))));
  }

  /** One app may still start when another has failed. */
  private track(start: Promise<void>): Promise<void> {
    this.starting = Promise.allSettled([this.starting, start]).then(() => undefined);
    return start;
  }

  private async refuseTakenPort(app: App): Promise<void> {
    const { host } = this.settings;
    const port = this.settings.portOf(app);
    const code = await listenError(port, host);
    if (code === undefined) return;
    const problem = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
    throw new DevStackError(
      'port_taken',
      `Port ${port} of ${host}, for ${app.name}, ${problem}. Stop what listens there, or set ` +
        `${app.portSetting} to another port.`,
    );
  }

  private async startPostgres(): Promise<void> {
    const options = {
      dir: this.settings.postgresDir,
      logFile: join(this.logDir, 'postgres.log'),
    };
    try {
      this.embeddedPostgres = await startPostgres({ ...options, port: POSTGRES_PORT });
    } catch (error) {
      // Not looked up before: another start may take the port between the look and the start.
      if (!(error instanceof DevStackError) || error.code !== 'port_taken') throw error;
      this.embeddedPostgres = await startPostgres(options);
    }
  }

  private async startApp(app: App): Promise<void> {
    const database = await this.embeddedPostgres?.createDatabase(app.database);
    this.goOnUnlessStopping();
    const running = await RunningApp.start({
      app,
      env: this.settings.environment(app, database, this.mailbox?.smtpUrl),
      host: this.settings.host,
      port: this.settings.portOf(app),
      log: ProgramLog.at(join(this.logDir, `${app.name}.log`)),
    });
    this.running.set(app.name, running);
    this.goOnUnlessStopping();
    await running.ready();
  }

  private goOnUnlessStopping(): void {
    if (this.stopping) throw new DevStackError('ended', 'Stopped while it was starting.');
  }

  private async takeDown(): Promise<void> {
    // A start stops waiting for an app that has ended. The second call stops apps that were started
    // in the meantime.
    await this.stopApps();
    await this.starting;
    await this.stopApps();
    await this.embeddedPostgres?.stop();
    await this.mailbox?.stop();
  }

  private async stopApps(): Promise<void> {
    await Promise.all([...this.running.values()].map((app) => app.stop()));
  }
}
