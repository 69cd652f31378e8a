import { afterEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, HANDS, SLOW, type Hand } from './console.js';
import { ADMIN, api, login, newUser, statusOf } from './stack.js';

let open: Console | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
const opened = async (email: string, hand: Hand = 'mouse') =>
  (open = await Console.login({ email, hand }));

describe.skipIf(!browserPath)('the token page', () => {
  it('shows the parts of my token, and that its signature is right', async () => {
    const console = await opened((await newUser()).email);
    await console.sees(/minutes.* left$/);
    const checks = console.page.getByRole('list', { name: 'Checked in this page' });
    await expect.poll(() => checks.getByText('yes', { exact: true }).count()).toBe(5);
    await console.sees('Issuer: who made the token.');
    // Other users do not see the pages of administrators.
    expect(await console.page.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual([
      'Token',
      'Account',
      'Sessions',
      'Second factors',
    ]);
  });
});

describe.skipIf(!browserPath).each(HANDS)('my token, by the %s', SLOW, (hand) => {
  it('is replaced when I ask for it, also if an answer is lost, and copied', async () => {
    const console = await opened((await newUser()).email, hand);
    const { page } = console;
    const token = page.locator('.copyable code');
    const first = await token.innerText();
    await page.route('**/auth/refresh', (route) => route.abort(), { times: 1 });
    await console.press(console.button('Get a new token'));
    await expect.poll(() => token.innerText()).not.toBe(first);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await console.press(console.button(/^Copy: /));
    await console.sees('Copied.');
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toBe(await token.innerText());
    expect(await statusOf(copied)).toBe(200);
    expect(await statusOf(first)).toBe(200);
  });
});

describe.skipIf(!browserPath).each(HANDS)('any other token, by the %s', SLOW, (hand) => {
  it('is shown with the verdict of the verifier', async () => {
    const console = await opened(ADMIN, hand);
    const check = async (token: string) => {
      await console.type(console.page.getByLabel('Paste a token'), token);
      await console.press(console.button('Check'));
    };
    const token = await login((await newUser()).email);
    await check(`Bearer ${token}`);
    await console.sees('Signed by this issuer, not expired, and not revoked.');

    await api('auth/logout', { token, method: 'POST' });
    await expect
      .poll(async () => {
        await check(token);
        return console.page.getByText('token_revoked').count();
      })
      .toBe(1);

    const [header = '', payload = '', signature = ''] = token.split('.');
    const other = signature.startsWith('A') ? 'B' : 'A';
    await check(`${header}.${payload}.${other}${signature.slice(1)}`);
    await console.sees('wrong signature');
    // What the page itself has checked agrees.
    const cards = console.page.getByRole('list', { name: 'Checked in this page' });
    await expect.poll(() => cards.last().getByText('no', { exact: true }).count()).toBe(1);

    await check('hello');
    await console.sees('This is not a JWT');
  });
});
