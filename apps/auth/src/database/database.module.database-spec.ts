import { StructuredLogger } from '@jwt-auth/chassis';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { expect, it } from 'vitest';

import { createAuthApp } from '../app.setup.js';
import { readConfig } from '../settings.js';

it('a start that cannot use the database fails at once, and announces no retry', async () => {
  const url = new URL(await freshDatabase());
  url.password = 'wrong';
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = new StructuredLogger({ name: 'auth', level: 'info', destination });
  const starting = createAuthApp(readConfig({ DATABASE_URL: url.href }), logger);
  await expect(starting).rejects.toMatchObject({ name: 'DatabaseError', code: 'refused' });
  expect(lines.filter((line) => /retry/i.test(line))).toEqual([]);
});
