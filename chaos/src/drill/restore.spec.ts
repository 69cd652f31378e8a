import { expect, it } from 'vitest';
import { majorIn } from './restore.js';

it.each([
  ['pg_dump (PostgreSQL) 18.1', 18],
  ['pg_dump (PostgreSQL) 18beta1', 18],
  ['psql (PostgreSQL) 16.4 (Debian 16.4-1.pgdg120+1)', 16],
])('reads the major version in: %s', (version, major) => {
  expect(majorIn(version)).toBe(major);
});
