import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, SLOW } from './console.js';
import { adminToken, api, newUser } from './stack.js';

const ROLE = { scopes: [], requiresMfa: false, builtIn: false };

describe.skipIf(!browserPath)('a choice', SLOW, () => {
  let console: Console;
  beforeEach(async () => {
    console = await Console.login({ email: (await newUser(['user', 'admin'])).email });
  });
  afterEach(() => console.close());

  /** What auth answers to a list, page by page. */
  const answerList = (list: string, ...pages: object[][]) =>
    console.page.route(`**/admin/${list}?*`, (route) => {
      const index = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
      const nextCursor = index + 1 < pages.length ? String(index + 1) : null;
      return route.fulfill({ json: { items: pages[index], nextCursor } });
    });

  const box = (name: string) => console.page.getByRole('checkbox', { name, exact: true });

  it('shows what is chosen and no longer offered, to be taken away and back', async () => {
    const name = `Client ${randomUUID()}`;
    const body = { name, grants: ['client_credentials'], scopes: ['orders:read'] };
    await api('admin/clients', { token: await adminToken(), body });
    await answerList('resources', []);
    await console.go('Clients');
    await console.press(console.button(`Change: ${name}`));
    for (const gone of ['api', 'orders:read']) {
      await box(gone).uncheck();
      await box(gone).check();
    }
    await console.press(console.inDialog('Cancel'));

    const user = await newUser();
    await answerList('roles', [{ ...ROLE, name: 'clerk' }]);
    await console.page.goto(`${console.address}/console/users/${user.id}`);
    await box('user').uncheck();
    expect(await box('clerk').isChecked()).toBe(false);
  });

  it('offers all that there is, and the lists have it page by page', async () => {
    await answerList('roles', [{ ...ROLE, name: 'first' }], [{ ...ROLE, name: 'second' }]);
    const resource = (name: string) => ({
      audience: `https://${name}.example.com`,
      scopes: [{ name, description: '' }],
      builtIn: false,
    });
    await answerList('resources', [resource('one')], [resource('two')], [resource('three')]);
    await console.go('Roles and resources');
    await console.button('Change: first').waitFor();
    expect(await console.button('Change: second').count()).toBe(0);
    await console.button('Show more').first().click();
    await console.button('Change: second').waitFor();
    await console.button('Show more').click();
    await console.button('Show more').click();
    await console.button('Change: https://three.example.com').waitFor();
    await console.press(console.button('New role'));
    for (const scope of ['one', 'two', 'three']) await box(scope).waitFor();
    await console.press(console.inDialog('Cancel'));

    await console.go('Users');
    await console.press(console.button('New user'));
    for (const role of ['first', 'second']) await box(role).waitFor();
    await console.press(console.inDialog('Cancel'));
  });
});
