import type { Answer } from '../testing/auth-app.fixture.js';

/** In CORS_ORIGINS of the specs that use a cookie. */
export const PAGE = 'https://app.example.com';
export const NAME = '__Secure-refresh_token';
export const JSON_TYPE = { 'content-type': 'application/json' };

export const setCookie = ({ headers }: Answer<unknown>) =>
  headers['set-cookie'] as string | undefined;

/** The value of the cookie that an answer sets. */
export function tokenIn(answer: Answer<unknown>): string {
  const [, value] = /^__Secure-refresh_token=([\w-]*);/.exec(setCookie(answer) ?? '') ?? [];
  if (value === undefined) throw new Error(`no cookie: ${JSON.stringify(answer)}`);
  return value;
}

/** What a page of ours sends with the cookie. */
export const withCookie = (token: string, headers: Record<string, string> = {}) => ({
  ...JSON_TYPE,
  origin: PAGE,
  cookie: `${NAME}=${token}`,
  ...headers,
});
