import { UsersError } from './users.errors.js';

type Admit = (error?: UsersError) => void;

/**
 * A few hashes run at once, a few more wait, and the rest is refused (threat:login-floods). Hashing
 * is the cheapest way to take an auth server down: without a bound a flood of logins slows down
 * everything else in the process, and a queue without end only answers callers who have given up.
 *
 * Places are shared by network: those that wait take turns, and when the queue is full, the network
 * with the most in it gives up its last place to one that has fewer. So one address that sends a
 * hundred logins at a time delays another by about one hash.
 */
export class HashQueue {
  private running = 0;
  private waiting = 0;
  /** By network, the next one first. */
  private readonly networks = new Map<string, Admit[]>();

  constructor(
    private readonly parallel: number,
    private readonly capacity: number,
  ) {}

  /** How many run, and how many wait for their turn. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.running, waiting: this.waiting };
  }

  /** A newcomer has to wait. */
  get isBusy(): boolean {
    return this.running >= this.parallel;
  }

  /** @throws UsersError `too_many_attempts` when the queue has no place for this network */
  assertRoom(network: string): void {
    if (!this.isBusy || this.waiting < this.capacity) return;
    const own = this.networks.get(network)?.length ?? 0;
    if (own + 1 >= this.longest().length) throw queueFull();
  }

  /**
   * @throws UsersError `too_many_attempts` when the queue has no place for this network, or needs
   *   the place for another one
   */
  async run<T>(network: string, work: () => Promise<T>): Promise<T> {
    await this.enter(network);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private async enter(network: string): Promise<void> {
    if (!this.isBusy) {
      this.running += 1;
      return;
    }
    this.assertRoom(network);
    if (this.waiting >= this.capacity) this.evict();
    await new Promise<void>((resolve, reject) => {
      const queue = this.networks.get(network) ?? [];
      queue.push((error) => (error ? reject(error) : resolve()));
      this.networks.set(network, queue);
      this.waiting += 1;
    });
  }

  /** Hands the place over, so that no newcomer takes it in between. */
  private leave(): void {
    const [next] = this.networks;
    if (!next) {
      this.running -= 1;
      return;
    }
    const [network, queue] = next;
    const admit = queue.shift();
    this.waiting -= 1;
    this.networks.delete(network);
    if (queue.length > 0) this.networks.set(network, queue);
    admit?.();
  }

  private evict(): void {
    const last = this.longest().pop();
    this.waiting -= 1;
    last?.(queueFull());
  }

  /** Never empty after it lost one: it has at least two more than the newcomer's. */
  private longest(): Admit[] {
    return [...this.networks.values()].reduce(
      (longest, queue) => (queue.length > longest.length ? queue : longest),
      [],
    );
  }
}

function queueFull(): UsersError {
  return new UsersError('too_many_attempts', 'The queue for hashing is full', {
    retryAfterSeconds: 1,
  });
}
