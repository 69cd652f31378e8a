import { describe, expect, it } from 'vitest';
import { KnownHeaders } from './known-headers.js';

describe('KnownHeaders', () => {
  it('tells the kid of a header it was told of, and of no other', () => {
    const headers = new KnownHeaders();
    headers.remember('abc', 'kid-1');
    expect(headers.kidOf('abc')).toBe('kid-1');
    expect(headers.kidOf('ab')).toBeUndefined();
    expect(headers.kidOf('')).toBeUndefined();
  });

  it('forgets rather than grow over eight', () => {
    const headers = new KnownHeaders();
    const known = () =>
      Array.from({ length: 100 }, (_, n) => headers.kidOf(`header-${n}`)).filter(Boolean);
    for (let n = 0; n < 8; n++) {
      headers.remember(`header-${n}`, `kid-${n}`);
      headers.remember(`header-${n}`, `kid-${n}`);
    }
    expect(known()).toHaveLength(8);
    headers.remember('header-8', 'kid-8');
    expect(known()).toEqual(['kid-8']);
  });
});
