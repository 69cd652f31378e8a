import type { AuthApp } from './auth-app.fixture.js';

/**
 * As if every process had known each key for an hour when it is made, from now on: no rotation and no
 * token waits until all of them know it.
 */
export async function settleKeysAtOnce({ dataSource }: AuthApp): Promise<void> {
  await dataSource.query(`
    CREATE FUNCTION made_an_hour_ago() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.created_at = NEW.created_at - interval '1 hour';
        RETURN NEW;
      END $$;
    CREATE TRIGGER made_an_hour_ago BEFORE INSERT ON signing_keys
      FOR EACH ROW WHEN (NEW.state = 'next') EXECUTE FUNCTION made_an_hour_ago()`);
}
