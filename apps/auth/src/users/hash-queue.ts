import { UsersError } from './users.errors.js';

/**
 * Login floods (threat:login-floods): lets a few hashes run at once, a few more wait, and turns the rest away. Hashing is the cheapest
 * way to take an auth server down: without a gate a flood of logins also starves whatever else the
 * process does, and a queue without end only answers people who have long given up.
 */
export class HashQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly parallel: number,
    private readonly queue: number,
  ) {}

  /** How many run, and how many wait for their turn. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.running, waiting: this.waiting.length };
  }

  /** All places are taken. */
  get isFull(): boolean {
    return this.running >= this.parallel;
  }

  /** @throws UsersError `too_many_attempts` when the queue is full */
  assertRoom(): void {
    if (!this.isFull || this.waiting.length < this.queue) return;
    throw new UsersError('too_many_attempts', 'The queue for hashing is full', {
      retryAfterSeconds: 1,
    });
  }

  /** @throws UsersError `too_many_attempts` at once, when the queue is full */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private async enter(): Promise<void> {
    if (!this.isFull) {
      this.running += 1;
      return;
    }
    this.assertRoom();
    await new Promise<void>((admit) => this.waiting.push(admit));
  }

  /** Hands the place over, so that no newcomer slips in between. */
  private leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.running -= 1;
  }
}
