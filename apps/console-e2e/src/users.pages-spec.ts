import { randomUUID } from 'node:crypto';

import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, HANDS, SLOW } from './console.js';
import {
  adminToken,
  api,
  linkTo,
  login,
  newUser,
  PASSWORD,
  statusOf,
  type NewUser,
} from './stack.js';

describe.skipIf(!browserPath).each(HANDS)('users, by the %s', SLOW, (hand) => {
  let console: Console;
  beforeEach(async () => {
    const { email } = await newUser(['user', 'admin']);
    console = await Console.login({ email, hand });
  });
  afterEach(() => console.close());

  /** Finds a user in the list, and opens the page. */
  async function openUser({ email }: NewUser): Promise<void> {
    await console.go('Users');
    await console.type(console.page.getByLabel('E-mail begins with'), email);
    // The list is that of the search.
    const found = console.page.getByRole('list', { name: 'Users' }).getByRole('listitem');
    await expect.poll(() => found.allInnerTexts(), SLOW).toEqual([expect.stringContaining(email)]);
    await console.press(found.getByRole('link'));
    await console.page.getByRole('heading', { level: 1, name: email }).waitFor();
    await console.button('Delete').waitFor();
  }

  /** Presses a button of the account, and the same one in the dialog that asks. */
  async function confirm(label: string, says = label): Promise<void> {
    await console.press(console.button(label));
    await console.sees(says);
    await console.press(console.inDialog(label));
    await console.page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  it('are found, get other roles and claims, and lose one session and then all', async () => {
    const user = await newUser();
    const token = await login(user.email, 'curl/8.5');
    await openUser(user);
    await console.check(console.page.getByLabel('admin', { exact: true }));
    const claims = console.page.getByLabel('Claims');
    await console.type(claims, '{"tenant"');
    await console.press(console.button('Save'));
    await console.sees('This is not a JSON object.');
    await console.type(claims, '{"constructor": 1}');
    await console.press(console.button('Save'));
    await console.press(console.inDialog('Save'));
    await console.page.locator('.fault').waitFor();
    await console.press(console.inDialog('Cancel'));
    await console.type(claims, '{"tenant": "blue"}');
    await console.press(console.button('Save'));
    await console.sees('This revokes at most 1 access token of open sessions.');
    await console.press(console.inDialog('Save'));
    await console.sees('Saved. The old access tokens are revoked.');
    await expect.poll(() => statusOf(token)).toBe(401);
    const saved = await api<object>(`admin/users/${user.id}`, { token: await adminToken() });
    expect(saved).toMatchObject({ roles: ['user', 'admin'], claims: { tenant: 'blue' } });

    await console.press(console.button('End: curl'));
    await console.sees('This revokes at most 1 access token of open sessions.');
    await console.press(console.inDialog('End'));
    await console.button('End: curl').waitFor({ state: 'detached' });

    const others = [await login(user.email), await login(user.email)];
    await openUser(user);
    await console.press(console.button('End all sessions'));
    await console.sees('2 sessions end.');
    await console.sees('This revokes at most 2 access tokens of open sessions.');
    await console.press(console.inDialog('End all sessions'));
    await console.page.getByRole('dialog').waitFor({ state: 'detached' });
    await console.button('End all sessions').waitFor({ state: 'detached' });
    await expect.poll(() => statusOf(others[1]!)).toBe(401);
  });

  it('are listed page by page', async () => {
    const prefix = randomUUID();
    const token = await adminToken();
    for (let count = 0; count < 21; count += 1) {
      const body = { email: `${prefix}-${count}@example.com`, password: PASSWORD };
      await api('admin/users', { token, body });
    }
    const { page } = console;
    const isSearch = (url: URL) => url.searchParams.get('email') === prefix;
    await console.go('Users');
    // A page that comes late is of a list that is no longer there.
    await page.route(/[?&]cursor=/, async (route) => {
      await page.waitForTimeout(1_000);
      await route.continue();
    });
    const late = page.waitForResponse(/[?&]cursor=/);
    await console.press(console.button('Show more'));
    const searched = page.waitForResponse((response) => isSearch(new URL(response.url())));
    await console.type(page.getByLabel('E-mail begins with'), prefix);
    await Promise.all([searched, late]);
    await page.unrouteAll({ behavior: 'wait' });
    const rows = page.getByRole('list', { name: 'Users' }).getByRole('listitem');
    await expect.poll(() => rows.count()).toBe(20);
    const found = page.getByRole('link', { name: prefix });
    expect(await found.count()).toBe(20);
    await console.press(console.button('Show more'));
    await expect.poll(() => found.count()).toBe(21);
    await console.button('Show more').waitFor({ state: 'detached' });
  });

  it('are created, get a password once, are disabled, enabled and deleted', async () => {
    const email = `${randomUUID()}@example.com`;
    await console.go('Users');
    await console.press(console.button('New user'));
    await console.type(console.page.getByLabel('E-mail', { exact: true }), email);
    await console.type(console.page.getByLabel('Password'), 'short');
    await console.press(console.inDialog('New user'));
    await console.page.locator('.fault').waitFor();
    expect(await console.page.getByLabel('E-mail', { exact: true }).inputValue()).toBe(email);
    await console.type(console.page.getByLabel('Password'), PASSWORD);
    await console.press(console.inDialog('New user'));
    await console.page.getByRole('heading', { level: 1, name: email }).waitFor();
    const token = await login(email);

    await console.press(console.button('New password'));
    await console.sees('This revokes at most 1 access token of open sessions.');
    await console.press(console.inDialog('New password'));
    await console.sees('This is shown only once.');
    const shown = await console.page.getByRole('dialog').locator('code').innerText();
    await console.press(console.inDialog('Close'));
    await expect.poll(() => statusOf(token)).toBe(401);
    await expect(login(email)).rejects.toThrow('invalid_credentials');
    await login(email, 'spec', shown);

    await confirm('Disable');
    await console.button('Enable').waitFor();
    await expect(login(email, 'spec', shown)).rejects.toThrow('401');
    await confirm('Enable');
    await console.button('Disable').waitFor();
    await login(email, 'spec', shown);
    await console.press(console.button('Delete'));
    await console.sees('This revokes at most 1 access token of open sessions.');
    await console.press(console.inDialog('Delete'));
    await console.page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
    await console.type(console.page.getByLabel('E-mail begins with'), email);
    await console.sees('There is nothing here.');
  });

  it('are mailed a link for a new password, or have to set a new one', async () => {
    const user = await newUser();
    const token = await login(user.email, 'curl/8.5');
    await openUser(user);
    await confirm('Send a password reset');
    expect(await linkTo(user.email, 'Set a new password')).toContain('/account/reset-password#');
    expect(await statusOf(token)).toBe(200);
    await console.button('End: curl').waitFor();

    await confirm('Require a new password');
    await expect.poll(() => statusOf(token)).toBe(401);
    await expect(login(user.email)).rejects.toThrow('invalid_credentials');
    // The list of the sessions is read again.
    await console.button('End: curl').waitFor({ state: 'detached' });
    await console.page.goto(await linkTo(user.email, 'Set a new password'));
    const password = 'a new one for this account';
    await console.type(console.page.getByLabel('New password'), password);
    await console.press(console.page.getByRole('button'));
    await console.sees('You have a new password.');
    await login(user.email, 'spec', password);
  });

  it('who lost their second factors log in with the password again', async () => {
    const user = await newUser();
    const token = await login(user.email);
    const totp = 'auth/factors/totp';
    const { secret } = await api<{ secret: string }>(totp, { token, method: 'POST' });
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    await api(`${totp}/confirm`, { token, body: { code } });
    const body = { email: user.email, password: PASSWORD };
    expect(await api<object>('auth/login', { body })).toHaveProperty('mfa');
    await openUser(user);
    await confirm('Remove second factors', 'This revokes at most 1 access token of open sessions.');
    await console.button('Remove second factors').waitFor({ state: 'detached' });
    await expect.poll(() => statusOf(token)).toBe(401);
    expect(await api<object>('auth/login', { body })).not.toHaveProperty('mfa');
  });

  it('whose e-mail is not verified are marked', async () => {
    const user = await newUser();
    const badge = console.page.getByText('not verified', { exact: true });
    const verified = { is: true };
    await console.page.route(`**/admin/users/${user.id}`, async (route) => {
      const response = await route.fetch();
      const json = { ...((await response.json()) as object), emailVerified: verified.is };
      await route.fulfill({ response, json });
    });
    await openUser(user);
    expect(await badge.count()).toBe(0);
    verified.is = false;
    await openUser(user);
    await badge.waitFor();
  });

  it('who deleted their account are shown with the day when it goes, and restored', async () => {
    const user = await newUser();
    await api('auth/me', { token: await login(user.email), method: 'DELETE' });
    await openUser(user);
    await console.sees('being deleted');
    await console.sees(/It can be restored until \w+ \d+, \d{4}/);
    await confirm('Restore');
    await console.button('Disable').waitFor();
    await console.page.getByText('being deleted').waitFor({ state: 'detached' });
    await login(user.email);
  });
});
