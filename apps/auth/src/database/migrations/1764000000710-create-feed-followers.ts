import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The processes that follow the revocation feed, as the auth processes that they ask have seen them.
 *
 * Unlogged, as it is written all the time and worth nothing after a crash: a follower that lives asks
 * again within seconds. Without an index beside the key, so that most updates stay in their page.
 */
export class CreateFeedFollowers1764000000710 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE UNLOGGED TABLE feed_followers (
        service text COLLATE "C" NOT NULL CHECK (char_length(service) BETWEEN 1 AND 64),
        instance text COLLATE "C" NOT NULL CHECK (char_length(instance) BETWEEN 1 AND 64),
        version text CHECK (char_length(version) BETWEEN 1 AND 64),
        -- The auth process that it asked last.
        process uuid NOT NULL,
        -- Everything that smaller transaction ids published is applied. NULL: it has no list yet.
        position xid8,
        seen_at timestamptz NOT NULL,
        PRIMARY KEY (service, instance)
      ) WITH (fillfactor = 50)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE feed_followers');
  }
}
