import pg from 'pg';

/** What `pg` says when `query_timeout` is over. */
const SILENCE = 'Query read timeout';

type Query = (...query: readonly unknown[]) => unknown;

/**
 * A connection that ends once the server has left a query unanswered for `query_timeout`.
 *
 * `pg` itself only gives the query up. Back in the pool, a connection whose other end is gone makes
 * everybody who gets it next wait in vain as well, for as long as the system believes in it: a
 * quarter of an hour.
 */
export class BoundedClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    // By assignment, as the many forms of a query need not be told apart here.
    const query = this.query.bind(this) as Query;
    this.query = ((...asked: readonly unknown[]) => {
      const answer = query(...asked);
      if (answer instanceof Promise) answer.catch((error: unknown) => this.endIfSilent(error));
      return answer;
    }) as pg.Client['query'];
  }

  private endIfSilent(error: unknown): void {
    if (!(error instanceof Error) || error.message !== SILENCE) return;
    // With a query under way it says no good-bye, which nobody would hear.
    void this.end();
  }
}
