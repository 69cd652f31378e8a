import { describe, expect, it } from 'vitest';
import { TokenError } from '../verifier/token-error.js';
import { bearerToken } from './bearer-token.js';

/** As node parses these header lines: the first of two `authorization` counts. */
function request(...values: string[]) {
  const rawHeaders = values.flatMap((value) => ['Authorization', value]);
  return {
    headers: { authorization: values[0] },
    rawHeaders: ['Host', 'localhost', ...rawHeaders],
  };
}

const code = (given: Parameters<typeof bearerToken>[0]) => {
  try {
    return bearerToken(given);
  } catch (error) {
    return error instanceof TokenError ? error.code : error;
  }
};

describe('bearerToken', () => {
  it.each([
    ['Bearer', 'Bearer a.b.c'],
    ['another case', 'bEARER a.b.c'],
    ['several spaces', 'Bearer   a.b.c'],
    ['several spaces after another case', 'bearer  a.b.c'],
  ])('finds the token after %s', (_, value) => {
    expect(bearerToken(request(value))).toBe('a.b.c');
  });

  it('leaves the form of the token to the verifier', () => {
    expect(bearerToken(request('Bearer a b, Bearer c'))).toBe('a b, Bearer c');
    expect(bearerToken(request('Bearer \ta'))).toBe('\ta');
  });

  it('finds a header that a middleware set, or an environment without raw headers', () => {
    const headers = { authorization: 'Bearer a.b.c' };
    expect(bearerToken({ headers, rawHeaders: [] })).toBe('a.b.c');
  });

  it.each([
    ['no header', request()],
    ['an empty header', request('')],
    ['another scheme', request('Basic YTpi')],
    ['a scheme that begins alike', request('BearerToken a.b.c')],
    ['a scheme that begins alike, with a sign', request('Bearer-x a.b.c')],
    ['a token without a scheme', request('a.b.c')],
    ['two headers', request('Bearer a.b.c', 'Bearer d.e.f')],
    ['two headers of the same words', request('Bearer a.b.c', 'Bearer a.b.c')],
    ['two headers, one of another scheme', request('Bearer a.b.c', 'Basic YTpi')],
    [
      'two headers in different case',
      {
        headers: { authorization: 'Bearer a' },
        rawHeaders: ['AUTHORIZATION', 'Bearer a', 'authorization', 'Bearer b'],
      },
    ],
  ])('knows no credentials in %s', (_, given) => {
    expect(code(given)).toBe('token_missing');
  });

  it.each(['Bearer', 'Bearer ', 'Bearer    ', 'bearer', 'Bearer,a.b.c', 'Bearer\ta.b.c'])(
    'refuses a scheme without a token: "%s"',
    (value) => {
      expect(code(request(value))).toBe('token_invalid');
    },
  );

  it('looks at no header whose value is the name', () => {
    const rawHeaders = ['X-Forbid', 'authorization', 'Authorization', 'Bearer a.b.c'];
    expect(bearerToken({ headers: { authorization: 'Bearer a.b.c' }, rawHeaders })).toBe('a.b.c');
  });

  describe('given headers alone', () => {
    it.each([
      ['of node', { authorization: 'Bearer a.b.c' }],
      ['of node, with one that is called get', { get: 'x', authorization: 'bearer a.b.c' }],
      [
        'of node, with one that is called rawHeaders',
        {
          rawHeaders: 'x',
          authorization: 'Bearer a.b.c',
        },
      ],
      ['of an event, in the case of the sender', { Authorization: 'Bearer a.b.c' }],
      ['of Fetch', new Headers({ Authorization: 'Bearer a.b.c' })],
    ])('finds the token in those %s', (_, headers) => {
      expect(bearerToken(headers)).toBe('a.b.c');
    });

    it('knows no credentials in two headers that Fetch has joined', () => {
      const headers = new Headers([
        ['authorization', 'Bearer a.b.c'],
        ['authorization', 'Bearer d.e.f'],
      ]);
      expect(code(headers)).toBe('token_missing');
    });

    it.each([
      ['no header of node', {}],
      ['two headers of an event', { authorization: 'Bearer a.b.c', Authorization: 'Bearer a.b.c' }],
      ['an array', { authorization: ['Bearer a.b.c'] as never }],
      ['no header of Fetch', new Headers()],
      ['another scheme', new Headers({ authorization: 'Basic YTpi' })],
    ])('knows no credentials in %s', (_, headers) => {
      expect(code(headers)).toBe('token_missing');
    });

    it('refuses a scheme without a token', () => {
      expect(code(new Headers({ authorization: 'Bearer' }))).toBe('token_invalid');
    });
  });
});
