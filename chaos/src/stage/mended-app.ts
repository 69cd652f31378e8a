import { startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { setTimeout as sleep } from 'node:timers/promises';

/** A built app on a port of its own, which is started again after it was killed. */
export class MendedApp {
  private app: RunningApp | undefined;
  private starting: Promise<unknown> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly name: string,
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @throws DevStackError */
  async start(): Promise<void> {
    this.app = await startApp(this.name, {
      env: this.env,
      port: this.port,
      readyWithinMs: 120_000,
    });
  }

  /** Sends a signal, if it runs. */
  signal(signal: NodeJS.Signals): void {
    this.app?.kill(signal);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.starting;
    const { app } = this;
    this.app = undefined;
    app?.kill();
    await app?.exited;
  }

  /** Starts it, as often as it takes: it may find no database yet. Resolves when it is ready. */
  bringBack(): Promise<void> {
    const starting = this.tryToStart();
    this.starting = starting;
    return starting;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.starting;
    await this.app?.stop();
  }

  private async tryToStart(): Promise<void> {
    while (!this.isStopped && !this.app) {
      try {
        await this.start();
      } catch {
        await sleep(250); // its surroundings are broken still, and whether they mend is judged later
      }
    }
  }
}
