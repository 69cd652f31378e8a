import type { AuthApp } from '../testing/auth-app.fixture.js';

/** A process of a service that follows the feed of an app, one question at a time, until it stops. */
export class FollowerLoop {
  private cursor: string | undefined;
  private isStopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly auth: AuthApp,
    private readonly names: Readonly<Record<string, string>>,
  ) {}

  /** Reads the first list, acknowledges it, and goes on from there. */
  static async start(auth: AuthApp, instance: string, service = 'orders'): Promise<FollowerLoop> {
    const loop = new FollowerLoop(auth, { service, instance });
    await loop.ask(0);
    await loop.ask(0);
    loop.running = loop.follow();
    return loop;
  }

  async ask(waitSeconds: number, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const query = new URLSearchParams({ ...this.names, ...more, wait: String(waitSeconds) });
    if (this.cursor !== undefined) query.set('after', this.cursor);
    const answer = await this.auth.call<{ cursor: string }>(
      'GET',
      `/revocations?${query.toString()}`,
    );
    this.cursor = answer.body.cursor;
  }

  /** As a process that hangs: the question under way is its last. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  private async follow(): Promise<void> {
    while (!this.isStopped) await this.ask(0.3);
  }
}
