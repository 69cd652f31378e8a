import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, SLOW } from './console.js';
import { ADMIN, api, login, newUser } from './stack.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Where pictures of all pages go, for people to look at. */
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

  it('is accessible on every page, and fits', async () => {
    const console = await Console.open(open);
    await console.button('Log in').waitFor();
    const seen = async (name: string) => {
      if (isAudited(look)) expect(await violations(console), name).toEqual([]);
      expect(await overflow(console), name).toBeLessThanOrEqual(0);
      if (!pictures) return;
      const path = join(pictures, `${name}-${look.size}-${look.colorScheme}.png`);
      await console.page.screenshot({ path, fullPage: true });
    };
    await seen('login');
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
});
