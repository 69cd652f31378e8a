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
      ? 'This ends no live token of a session.'
      : `This ends up to ${plural(count, 'live token of a session', 'live tokens of sessions')}.`,
  counting: 'Counting the live tokens of sessions that this ends …',
  liveTokensUnknown: 'How many live tokens of sessions this ends is not known.',
  liveTokensOfClients:
    'How many live tokens of clients this ends is not known: auth does not record the tokens that clients get for themselves.',
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
  claimsHint: 'A JSON object that travels in tokens, for services to read.',
  noObject: 'This is not a JSON object.',
  shownOnce: 'This is shown only once. Keep it now; nobody can read it again.',
  copy: 'Copy',
  copied: 'Copied.',
  notCopied: 'The browser does not allow it: select the text and copy it.',
  logout: 'Log out',
  logoutFailed:
    'The auth server did not end your session: it may go on there. Load this page again, and log out if it shows your account.',
  away: 'The auth server does not answer. The page goes on by itself as soon as it does.',
  unknownPage: {
    title: 'Not found',
    about: 'There is no such page. The menu has all that you can see.',
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
