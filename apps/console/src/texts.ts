import { access } from './texts/access.js';
import { account } from './texts/account.js';
import { audit } from './texts/audit.js';
import { clients } from './texts/clients.js';
import { factors } from './texts/factors.js';
import { health } from './texts/health.js';
import { keys } from './texts/keys.js';
import { identity, login } from './texts/login.js';
import { plural } from './texts/plural.js';
import { problems } from './texts/problems.js';
import { revocations } from './texts/revocations.js';
import { sessions } from './texts/sessions.js';
import { token } from './texts/token.js';
import { users } from './texts/users.js';

/** Of numbers, dates and words. */
export const LOCALE = 'en';

/** What the console says on more than one page, and with it the texts of each page. */
export const texts = {
  name: 'Console',
  pages: 'Pages',
  skip: 'Skip to the content',
  loading: 'Loading …',
  liveTokens: (count: number) =>
    count === 0
      ? 'No open session has a live access token that this revokes.'
      : `This revokes at most ${plural(count, 'access token', 'access tokens')} of open sessions.`,
  counting: 'Counting the access tokens that this revokes …',
  liveTokensUnknown: 'The number of access tokens that this revokes is not known.',
  liveTokensOfClients:
    'Tokens that clients get for themselves are not recorded, so their number is not known.',
  none: 'There is nothing here.',
  more: 'Show more',
  cancel: 'Cancel',
  save: 'Save',
  close: 'Close',
  change: 'Change',
  email: 'E-mail',
  password: 'Password',
  passwordHint: '12 characters or more.',
  disabled: 'disabled',
  unverified: 'not verified',
  created: 'created',
  scopes: 'Scopes',
  claims: 'Claims',
  claimsHint: 'A JSON object that is part of the tokens, for services to read.',
  noObject: 'This is not a JSON object.',
  shownOnce: 'This is shown only once. Copy it now: it cannot be read again.',
  copy: 'Copy',
  copied: 'Copied.',
  notCopied: 'The browser does not allow this. Select the text and copy it.',
  logout: 'Log out',
  logoutFailed:
    'The auth server did not confirm the logout. Your session may still be open. Reload this page. If it shows your account, log out again.',
  away: 'The auth server does not answer. This page continues by itself when the server is back.',
  unknownPage: {
    title: 'Not found',
    about: 'This page does not exist. The menu has all pages that you can open.',
  },
  tryAgainIn: (seconds: number) => `Too many attempts. Try again in ${seconds} seconds.`,

  problems,
  login,
  identity,
  token,
  account,
  sessions,
  factors,
  users,
  clients,
  access,
  audit,
  keys,
  revocations,
  health,
} as const;
