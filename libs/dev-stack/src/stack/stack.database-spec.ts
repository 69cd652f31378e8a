import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withClient } from '../vitest/index.js';
import { StackSettings } from './settings.js';
import { Stack } from './stack.js';

const directory = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
chmodSync(directory, 0o755);
afterAll(() => rmSync(directory, { recursive: true }));

it('shows the last lines of a Postgres that ends by itself, and where the others are', async () => {
  const env = { EMBEDDED_POSTGRES_DIR: join(directory, 'postgres') };
  const stack = new Stack([], new StackSettings([], env, directory), directory);
  try {
    await stack.start();
    const server = stack.embeddedPostgres!;
    const noise = Array.from({ length: 60 }, (_, n) => `RAISE LOG 'line %', ${n};`).join('');
    await withClient(server.url(), (client) => client.query(`DO $$ BEGIN ${noise} END $$`));
    await server.kill();
    const { message } = await stack.postgresFailure();
    expect(message).toContain(`The whole log: ${join(directory, 'postgres.log')}`);
    expect(message.split('\n').length).toBeLessThan(30);
  } finally {
    await stack.stop();
  }
});
