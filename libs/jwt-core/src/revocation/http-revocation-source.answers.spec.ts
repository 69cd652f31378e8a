import { describe, expect, it } from 'vitest';
import { readBatch } from './http-revocation-source.js';

const entry = { kind: 'jti', id: 'a', exp: 1_763_892_345 };
const answer = { cursor: 'c', reset: false, more: false, jwks: 'f', entries: [entry] };
const error = (document: unknown) => {
  try {
    readBatch(document);
  } catch (thrown) {
    return thrown;
  }
  return undefined;
};

describe('readBatch', () => {
  it('reads an answer of the feed', () => {
    expect(readBatch(answer)).toEqual(answer);
  });

  it('reads entries of all kinds, and `before` only of clients', () => {
    const entries = [
      { kind: 'jti', id: 'a', exp: 1, before: 9 },
      { kind: 'sid', id: 'b', exp: 2 },
      { kind: 'kid', id: 'c', exp: 3 },
      { kind: 'client', id: 'd', exp: 4, before: 5 },
    ];
    expect(readBatch({ ...answer, entries }).entries).toEqual([
      { kind: 'jti', id: 'a', exp: 1 },
      ...entries.slice(1),
    ]);
  });

  it('reads the number of a client whose tokens are numbered', () => {
    const client = { kind: 'client', id: 'd', exp: 4, before: 5, tokenVersion: 0 };
    expect(readBatch({ ...answer, entries: [client] }).entries).toEqual([client]);
  });

  it('reads a client with a number alone', () => {
    const client = { kind: 'client', id: 'd', exp: 4, tokenVersion: 7 };
    expect(readBatch({ ...answer, entries: [client] }).entries).toEqual([client]);
  });

  it('takes texts as long as are allowed', () => {
    const longest = {
      ...answer,
      cursor: 'x'.repeat(4_096),
      jwks: 'x'.repeat(1_024),
      entries: [{ ...entry, id: 'x'.repeat(1_024) }],
    };
    expect(readBatch(longest)).toEqual(longest);
  });

  it('accepts an answer without a fingerprint of the keys', () => {
    const rest = { cursor: 'c', reset: true, more: true, entries: [] };
    expect(readBatch(rest)).toEqual(rest);
    expect('jwks' in readBatch(rest)).toBe(false);
  });

  it.each([0, 12, 0.5])('reads an age of %d ms', (ageMs) => {
    expect(readBatch({ ...answer, ageMs })).toEqual({ ...answer, ageMs });
  });

  it('reads up to which second expired entries are left out', () => {
    expect(readBatch({ ...answer, expiredBefore: 1_763_892_345 })).toEqual({
      ...answer,
      expiredBefore: 1_763_892_345,
    });
  });

  it.each([-1, NaN, Infinity, '12', null, {}])('ignores an age that is %j', (ageMs) => {
    expect(readBatch({ ...answer, ageMs })).toEqual(answer);
  });

  it('leaves out kinds and members that it does not know', () => {
    const entries = [
      { kind: 'device', serial: 7 },
      { ...entry, reason: 'theft' },
    ];
    expect(readBatch({ ...answer, entries, hint: 1 })).toEqual(answer);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'c'],
    ['an array', [answer]],
    ['an error in its stead', { error: 'server_error' }],
    ['no cursor', { ...answer, cursor: undefined }],
    ['an empty cursor', { ...answer, cursor: '' }],
    ['a cursor that is a number', { ...answer, cursor: 1 }],
    ['a cursor with white space', { ...answer, cursor: 'a b' }],
    ['a cursor beyond ASCII', { ...answer, cursor: '\u00e9' }],
    ['a cursor that fits into no request', { ...answer, cursor: 'x'.repeat(4_097) }],
    ['no reset', { ...answer, reset: undefined }],
    ['a reset that is a word', { ...answer, reset: 'false' }],
    ['no more', { ...answer, more: undefined }],
    ['a more that is a number', { ...answer, more: 0 }],
    ['a fingerprint that is a number', { ...answer, jwks: 1 }],
    ['an empty fingerprint', { ...answer, jwks: '' }],
    ['a fingerprint of null', { ...answer, jwks: null }],
    ['a fingerprint that is no text', { ...answer, jwks: '\udc00' }],
    ['a fingerprint without end', { ...answer, jwks: 'x'.repeat(1_025) }],
    ['a second between seconds', { ...answer, expiredBefore: 1.5 }],
    ['a second that is text', { ...answer, expiredBefore: '1763892345' }],
    ['no entries', { ...answer, entries: undefined }],
    ['entries that are an object', { ...answer, entries: { 0: entry } }],
    ['an entry that is null', { ...answer, entries: [entry, null] }],
    ['an entry that is text', { ...answer, entries: [entry, 'a'] }],
    ['an entry that is an array', { ...answer, entries: [entry, ['jti', 'a', 1]] }],
    ['an entry without a kind', { ...answer, entries: [entry, { ...entry, kind: undefined }] }],
    ['an entry without an id', { ...answer, entries: [entry, { ...entry, id: undefined }] }],
    ['an entry with an empty id', { ...answer, entries: [{ ...entry, id: '' }] }],
    ['an id that is no text', { ...answer, entries: [{ ...entry, id: 'a\ud800' }] }],
    ['an id that is a number', { ...answer, entries: [{ ...entry, id: 1 }] }],
    ['an id without end', { ...answer, entries: [{ ...entry, id: 'x'.repeat(1_025) }] }],
    ['an entry without an expiry', { ...answer, entries: [{ ...entry, exp: undefined }] }],
    ['an expiry that is text', { ...answer, entries: [{ ...entry, exp: '1763892345' }] }],
    ['an expiry between seconds', { ...answer, entries: [{ ...entry, exp: 1.5 }] }],
    ['an endless expiry', { ...answer, entries: [{ ...entry, exp: Infinity }] }],
    ['a client without a second', { ...answer, entries: [{ ...entry, kind: 'client' }] }],
    [
      'a number of a client that is text',
      { ...answer, entries: [{ ...entry, kind: 'client', before: 1, tokenVersion: '7' }] },
    ],
    ['a second of null', { ...answer, entries: [{ ...entry, kind: 'client', before: null }] }],
  ])('refuses the whole answer for %s', (_, document) => {
    expect(error(document)).toMatchObject({ name: 'RevocationSourceError', code: 'bad_answer' });
  });

  // threat:feed-tampering
  it('reports which entry is malformed', () => {
    const entries = [entry, { ...entry, exp: '1' }];
    expect(error({ ...answer, entries })).toHaveProperty(
      'message',
      expect.stringContaining('entries[1] has no whole `exp`'),
    );
  });
});
