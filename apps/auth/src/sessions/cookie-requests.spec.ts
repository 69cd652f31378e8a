import { expect, it } from 'vitest';

import { readConfig } from '../settings.js';
import { OwnPages } from './cookie-requests.js';

const AUTH = 'https://auth.example.com';
const PAGE = 'https://app.example.com';

const pages = new OwnPages(
  readConfig({
    DATABASE_URL: 'postgres://localhost/auth',
    ISSUER: `${AUTH}/tenant`,
    CORS_ORIGINS: PAGE,
  }),
);

it.each<[string, Record<string, string>, string]>([
  ['our own page', { origin: AUTH, 'sec-fetch-site': 'same-origin' }, 'own'],
  ['our own page in a browser without the header', { origin: AUTH }, 'own'],
  ['our own page without an origin', { 'sec-fetch-site': 'same-origin' }, 'own'],
  ['an allowed page', { origin: PAGE, 'sec-fetch-site': 'same-site' }, 'own'],
  ['an allowed page of another site', { origin: PAGE, 'sec-fetch-site': 'cross-site' }, 'own'],
  [
    'our page under another name',
    { origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000', 'sec-fetch-site': 'same-origin' },
    'own',
  ],
  [
    'a page that has the name of this host, as the browser does not confirm',
    { origin: 'http://evil.example', host: 'evil.example' },
    'foreign',
  ],
  [
    'another origin that says it is the same',
    { origin: 'https://evil.example', host: 'auth.example.com', 'sec-fetch-site': 'same-origin' },
    'foreign',
  ],
  ['another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 'foreign'],
  ['a look-alike', { origin: `${PAGE}.evil.example` }, 'foreign'],
  ['another port', { origin: `${AUTH}:8443` }, 'foreign'],
  ['another scheme', { origin: 'http://auth.example.com' }, 'foreign'],
  [
    'a sibling domain',
    { origin: 'https://x.example.com', 'sec-fetch-site': 'same-site' },
    'foreign',
  ],
  ['a sibling domain without an origin', { 'sec-fetch-site': 'same-site' }, 'foreign'],
  ['a sandboxed page', { origin: 'null' }, 'foreign'],
  ['a sandboxed page of ours', { origin: 'null', 'sec-fetch-site': 'same-origin' }, 'foreign'],
  ['two origins', { origin: `${PAGE}, ${PAGE}` }, 'foreign'],
  ['an empty origin', { origin: '' }, 'foreign'],
  ['the address bar', { 'sec-fetch-site': 'none' }, 'foreign'],
  ['a word that browsers do not have', { 'sec-fetch-site': 'SAME-ORIGIN' }, 'foreign'],
  ['a program', {}, 'none'],
])('%s (%j) is %s', (_name, headers, kind) => {
  expect(pages.kindOf({ headers })).toBe(kind);
});
