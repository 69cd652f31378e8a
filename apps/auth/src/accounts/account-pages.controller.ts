import { createHash } from 'node:crypto';
import { Public } from '@jwt-auth/jwt-core';
import { Controller, Get, Header, NotFoundException, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

import { MIN_CHARACTERS } from '../credentials/passwords.js';
import type { LinkPurpose } from './account-link.entity.js';

interface Page {
  readonly title: string;
  /** Where the token is sent, below `/auth`. */
  readonly path: string;
  readonly done: string;
}

/** By the last part of their addresses. */
const PAGES: Readonly<Record<LinkPurpose, Page>> = {
  'verify-email': {
    title: 'Verify your e-mail',
    path: 'email/verify',
    done: 'Your e-mail is verified.',
  },
  'confirm-email': {
    title: 'Use this e-mail',
    path: 'email/change/confirm',
    done: 'Your account has this e-mail now.',
  },
  'restore-account': {
    title: 'Keep your account',
    path: 'account/restore',
    done: 'You have your account again. Log in.',
  },
  'reset-password': {
    title: 'Set a new password',
    path: 'password/reset',
    done: 'You have a new password. Log in with it.',
  },
};

const ACCOUNT_PAGES: readonly string[] = Object.keys(PAGES);

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 15vh auto 0; padding: 0 1rem }
input, button { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin: .5rem 0 }
`;

// Nothing happens before the button is pressed: mail scanners open links, and some run scripts.
const SCRIPT = `
const PAGES = ${JSON.stringify(PAGES)};
const name = location.pathname.split('/').pop();
const { title, path, done } = PAGES[name];
const token = new URLSearchParams(location.hash.slice(1)).get('token');
// Keeps the token out of the browser's history.
history.replaceState(null, '', location.pathname);
const [form, button, password, message] =
  ['form', 'button', 'input', 'output'].map((tag) => document.querySelector(tag));
document.title = document.querySelector('h1').textContent = button.textContent = title;
password.hidden = password.disabled = name !== 'reset-password';
const faultOf = ({ code, errors, detail }) =>
  code === 'link_invalid'
    ? 'This link was used, has expired, or a newer one was sent.'
    : (errors || []).map((error) => 'The password ' + error.message).join('. ') || detail ||
      'That did not work. Try again later.';
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    const answer = await fetch('../auth/' + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: token || '-', newPassword: password.value }),
    });
    form.hidden = answer.ok;
    message.textContent = answer.ok ? done : faultOf(await answer.json());
  } catch {
    message.textContent = faultOf({});
  }
  button.disabled = false;
});
`;

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Only what is in the page itself runs, and it only talks to auth. */
export const ACCOUNT_PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const ACCOUNT_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Account</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1></h1>
<form>
<input type="password" autocomplete="new-password" aria-label="New password" placeholder="New password"
  minlength="${MIN_CHARACTERS}" required hidden disabled>
<button></button>
</form>
<p><output></output></p>
<noscript>This page needs JavaScript.</noscript>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;

/** Where the links of mails lead, unless `ACCOUNT_PAGES` names pages elsewhere. */
@ApiExcludeController()
@Controller('account')
@Public()
export class AccountPagesController {
  @Get(':page')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', ACCOUNT_PAGE_POLICY)
  @Header('referrer-policy', 'no-referrer')
  @Header('cache-control', 'no-store')
  show(@Param('page') page: string): string {
    if (!ACCOUNT_PAGES.includes(page)) throw new NotFoundException();
    return ACCOUNT_PAGE;
  }
}
