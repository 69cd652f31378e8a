import { UsersError } from './users.errors.js';

type Admit = (error?: UsersError) => void;

/**
 * A few hashes run at once, a few more wait, and the rest is refused (threat:login-floods). Hashing
 * is the cheapest way to take an auth server down: without a bound, a flood of logins slows down
 * everything else in the process, and an endless queue answers only callers that have given up.
 *
 * Networks share the queue fairly. They take turns, and when the queue is full, the network with most
 * places loses its last one to a network that has fewer. So an address that sends a hundred logins at
 * a time delays a login from elsewhere by about one hash.
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

  /** How many hashes run, and how many wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.running, waiting: this.waiting };
  }

  /** Whether the next caller must wait. */
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

  /** Passes the place on, so that no new caller takes it in between. */
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

  /** It is not empty after it lost a place: it has at least two more than that of the new caller. */
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
