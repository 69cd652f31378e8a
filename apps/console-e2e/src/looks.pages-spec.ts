import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, SLOW } from './console.js';
import { ADMIN, api, login, newUser } from './stack.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Where pictures of all pages go. */
const pictures = process.env['CONSOLE_PICTURES'];

const SIZES = { narrow: { width: 360, height: 740 }, wide: { width: 1280, height: 800 } } as const;
const PAGES = [
  'Token',
  'Account',
  'Sessions',
  'Second factors',
  'Users',
  'Clients',
  'Roles and resources',
  'Audit',
  'Keys',
  'Revocations',
  'Health',
];

const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  (['narrow', 'wide'] as const).map((size) => ({ colorScheme, size })),
);

/** Both sizes and both schemes once: contrast depends on the scheme, all else on the size. */
const isAudited = ({ colorScheme, size }: (typeof LOOKS)[number]) =>
  (colorScheme === 'light') === (size === 'wide');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** What axe finds, as text. */
async function violations({ page }: Console): Promise<string[]> {
  await page.evaluate(AXE);
  const result = await page.evaluate<AxeResult>('axe.run(document)');
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

const overflow = ({ page }: Console) =>
  page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');

describe.skipIf(!browserPath).each(LOOKS)('the console, $colorScheme and $size', SLOW, (look) => {
  const open = { colorScheme: look.colorScheme, viewport: SIZES[look.size] };

  /** Checks the page as it is now, and takes a picture if pictures are wanted. */
  async function isFine(console: Console, name: string): Promise<void> {
    if (isAudited(look)) expect(await violations(console), name).toEqual([]);
    expect(await overflow(console), name).toBeLessThanOrEqual(0);
    if (!pictures) return;
    const path = join(pictures, `${name}-${look.size}-${look.colorScheme}.png`);
    await console.page.screenshot({ path, fullPage: true });
  }

  it('is accessible on every page, and fits', async () => {
    const console = await Console.open(open);
    await console.button('Log in').waitFor();
    const seen = (name: string) => isFine(console, name);
    await seen('login');
    await console.button('Create an account').click();
    await seen('registration');
    await console.inDialog('Cancel').click();
    await login(ADMIN, 'curl/8.5');
    const deleted = await newUser();
    await api('auth/me', { token: await login(deleted.email), method: 'DELETE' });
    await console.logIn(ADMIN);
    await console.page.getByRole('navigation').waitFor();
    for (const name of PAGES) {
      await console.go(name);
      await console.page.getByText('Loading …').first().waitFor({ state: 'detached' });
      await seen(name);
    }
    // Other specs make users, too: the one that is seen may be on any page of the list.
    await console.page.goto(`${console.address}/console/users/${(await newUser()).id}`);
    await console.button('Disable').waitFor();
    await seen('user');
    await console.button('Require a new password').click();
    await seen('ask');
    await console.inDialog('Cancel').click();
    await console.page.goto(`${console.address}/console/users/${deleted.id}`);
    await console.button('Restore').waitFor();
    await seen('deleted user');
    await console.go('Account');
    for (const form of ['Change the password', 'Change the e-mail', 'Delete my account']) {
      await console.button(form).click();
      await seen(form);
      await console.inDialog('Cancel').click();
    }
    await console.go('Clients');
    await console.button('New client').click();
    await console.page.getByLabel('orders:read').waitFor();
    await seen('form');
    await console.inDialog('Cancel').click();
    await console.go('Keys');
    await console
      .button(/^Withdraw: /)
      .first()
      .click();
    await seen('dialog');
    await console.close();
  });

  it('is accessible when something is wrong, made or asked for, and fits', async () => {
    const { email } = await newUser(['user', 'admin']);
    const console = await Console.open(open, '/nothing');
    const { page } = console;
    const seen = (name: string) => isFine(console, name);
    await console.logIn(email, 'a wrong password');
    await console.sees('The e-mail or the password is wrong.');
    await seen('wrong password');
    await console.logIn(email);
    await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
    await seen('unknown page');
    await console.go('Token');
    await page.getByLabel('Paste a token').fill('hello');
    await console.button('Check').click();
    await console.sees('This is not a JWT');
    await seen('judgement');
    await console.go('Revocations');
    await console.button('Try it with an unused id').click();
    await console.sees(/^Applied by/);
    await seen('receipt');
    await console.go('Clients');
    await console.button('New client').click();
    await page.getByLabel('Name', { exact: true }).fill(`Client ${look.size} ${look.colorScheme}`);
    await page.getByLabel('orders:read').check();
    await console.inDialog('New client').click();
    await console.sees('This is shown only once.');
    await seen('secret');
    await console.inDialog('Close').click();
    await console.go('Roles and resources');
    for (const form of ['New role', 'New resource']) {
      await console.button(form).click();
      await seen(form);
      await console.inDialog('Cancel').click();
    }
    await console.go('Second factors');
    await console.button('Add an authenticator app').click();
    await console.inDialog('Next').click();
    await page.getByRole('img', { name: 'QR code for the app' }).waitFor();
    await seen('QR code');
    await console.inDialog('Cancel').click();
    await console.go('Keys');
    const next = page
      .getByRole('listitem')
      .filter({ has: page.getByText('next', { exact: true }) });
    await next.getByRole('button', { name: /^Withdraw: / }).click();
    await console.inDialog('Withdraw').click();
    await console.sees('After the withdrawal');
    await seen('drill');

    await page.route(/\/(auth|health)\//, (route) => route.abort());
    await page.getByRole('navigation').getByRole('link', { name: 'Sessions' }).click();
    await console.sees('This page continues by itself');
    await seen('away');
    await page.unrouteAll();
    await console.sees('this one');
    await api('auth/logout-everywhere', { token: await login(email), method: 'POST' });
    await page.getByRole('navigation').getByRole('link', { name: 'Second factors' }).click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await seen('ended');

    for (const link of ['reset-password', 'verify-email']) {
      await page.goto(`${console.address}/account/${link}#token=x`);
      await seen(link);
    }
    await page.getByRole('button').click();
    await console.sees('This link was used');
    await seen('used link');
    await console.close();
  });
});
