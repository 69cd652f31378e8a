import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { keptDirectory } from './data-directory.js';

it('keeps data in a folder at the root of the file system under the name that was given', () => {
  const path = `/jwt-auth-${randomUUID()}`;
  expect(keptDirectory(path).path).toBe(path);
});
