import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { hashSecret, newSecret } from './secret.js';

describe('a secret', () => {
  it('is 256 bits in base64url, and never the same', () => {
    const secrets = Array.from({ length: 100 }, newSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  });

  it('is kept as the SHA-256 of its text', () => {
    expect(hashSecret('abc')).toEqual(createHash('sha256').update('abc').digest());
  });

  it('has one spelling: another one for the same bytes is another secret', () => {
    const [one, other] = ['A'.repeat(42) + 'A', 'A'.repeat(42) + 'B'];
    expect(Buffer.from(one, 'base64url')).toEqual(Buffer.from(other, 'base64url'));
    expect(hashSecret(one)).not.toEqual(hashSecret(other));
  });
});
