import { randomUUID } from 'node:crypto';

import { afterEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, HANDS, NO_COUNT_OF_CLIENTS, SLOW } from './console.js';
import { adminToken, api, login, newUser, startStack } from './stack.js';

let console: Console;
afterEach(async () => {
  if (browserPath) await console.close();
});

const rowOf = (text: string) => console.page.getByRole('listitem').filter({ hasText: text });

describe.skipIf(!browserPath).each(HANDS)('clients, by the %s', SLOW, (hand) => {
  it('are created with a secret that is shown once, changed, disabled and removed', async () => {
    console = await Console.login({ email: (await newUser(['user', 'admin'])).email, hand });
    const name = `Client ${randomUUID()}`;
    await console.go('Clients');
    await console.press(console.button('New client'));
    await console.type(console.page.getByLabel('Name', { exact: true }), name);
    await console.check(console.page.getByLabel('orders:read'));
    await console.page.keyboard.press('Enter');
    await console.sees('This is shown only once.');
    const [id = '', secret = ''] = await console.page
      .getByRole('dialog')
      .locator('code')
      .allInnerTexts();
    await console.press(console.inDialog('Close'));
    await token(id, secret);

    await console.press(console.button(`Add a secret: ${name}`));
    await console.press(console.inDialog('Add a secret'));
    await console.sees('This is shown only once.');
    const added = await console.page.getByRole('dialog').locator('code').last().innerText();
    await console.press(console.inDialog('Close'));
    await console.press(console.button(`End the secret: ${name}`).first());
    await console.press(console.inDialog('End the secret'));
    await console.sees('The secret has ended.');
    await token(id, added);
    await expect(token(id, secret)).rejects.toThrow('401');

    await console.press(console.button(`Change: ${name}`));
    await console.check(console.page.getByLabel('orders:write'));
    await console.press(console.inDialog('Save'));
    await rowOf(name).getByText('orders:read orders:write').waitFor();
    await console.press(console.button(`Disable: ${name}`));
    await console.sees(NO_COUNT_OF_CLIENTS);
    await console.press(console.inDialog('Disable'));
    // Exactly: the dialog before it has the word, too.
    await rowOf(name).getByText('disabled', { exact: true }).waitFor();
    await expect(token(id, added)).rejects.toThrow('401');
    await console.press(console.button(`Enable: ${name}`));
    await console.press(console.inDialog('Enable'));
    await rowOf(name).getByText('disabled').waitFor({ state: 'detached' });
    await token(id, added);
    await console.press(console.button(`Remove: ${name}`));
    await console.press(console.inDialog('Remove'));
    await rowOf(name).waitFor({ state: 'detached' });
  });

  it('are found by name and by id', async () => {
    const token = await adminToken();
    const add = async (name: string) => {
      const body = { name, grants: ['introspect'], scopes: [] };
      return (await api<{ id: string }>('admin/clients', { token, body })).id;
    };
    const names = [randomUUID(), randomUUID()];
    const [, second] = [await add(names[0]!), await add(names[1]!)];
    console = await Console.login({ email: (await newUser(['user', 'admin'])).email, hand });
    await console.go('Clients');
    const found = console.page.locator('.row-title');
    const search = console.page.getByLabel('Name or id');
    await console.type(search, names[0]!);
    await expect.poll(() => found.allInnerTexts()).toEqual([expect.stringContaining(names[0]!)]);
    await console.type(search, second);
    await expect.poll(() => found.allInnerTexts()).toEqual([expect.stringContaining(names[1]!)]);
  });
});

/** @throws Error if the client gets none */
async function token(id: string, secret: string): Promise<void> {
  const { auth } = await startStack();
  const response = await fetch(`${auth}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (!response.ok) throw new Error(String(response.status));
}

describe.skipIf(!browserPath).each(HANDS)(
  'roles, resources and the audit log, by the %s',
  SLOW,
  (hand) => {
    it('are made, changed and removed, and all of it is in the log', async () => {
      console = await Console.login({ email: (await newUser(['user', 'admin'])).email, hand });
      const name = `clerk-${randomUUID().slice(0, 8)}`;
      const audience = `https://${name}.example.com`;
      await console.go('Roles and resources');
      await console.press(console.button('New resource'));
      await console.type(console.page.getByLabel('Audience'), audience);
      await console.type(console.page.getByLabel('Scopes'), `${name}:read see them\n${name}:write`);
      await console.press(console.inDialog('New resource'));
      await rowOf(audience).getByText('see them').waitFor();
      await console.press(console.button(`Change: ${audience}`));
      await console.sees('No open session has a live access token that this revokes.');
      await console.sees(NO_COUNT_OF_CLIENTS);
      const scopes = `${name}:read look at them\n${name}:write`;
      await console.type(console.page.getByLabel('Scopes'), scopes);
      await console.press(console.inDialog('Save'));
      await rowOf(audience).getByText('look at them').waitFor();

      await console.press(console.button('New role'));
      await console.type(console.page.getByLabel('Name', { exact: true }), name);
      await console.check(console.page.getByLabel(`${name}:read`));
      await console.press(console.inDialog('New role'));
      await console.press(console.button(`Change: ${name}`));
      await console.sees('Services refuse live tokens with a removed scope at once');
      await console.sees('No open session has a live access token that this revokes.');
      await console.check(console.page.getByLabel(`${name}:write`));
      await console.check(console.page.getByLabel('Needs a second factor'));
      // However long the list takes, it is that after the change when the form is gone.
      await console.page.route('**/admin/roles?*', async (route) => {
        await console.page.waitForTimeout(1_000);
        await route.continue();
      });
      await console.press(console.inDialog('Save'));
      await console.page.getByRole('dialog').waitFor({ state: 'detached' });
      await console.sees('Saved.');
      await console.press(console.button(`Change: ${name}`));
      const needsFactor = console.page.getByLabel('Needs a second factor');
      await expect.poll(() => needsFactor.isChecked()).toBe(true);
      await console.page.unrouteAll({ behavior: 'wait' });
      await console.press(console.inDialog('Cancel'));
      await console.press(console.button(`Remove: ${name}`));
      await console.sees('No open session has a live access token that this revokes.');
      expect(await console.page.getByText(NO_COUNT_OF_CLIENTS).count()).toBe(0);
      await console.sees('Their access tokens are refused at once');
      await console.press(console.inDialog('Remove'));
      await console.press(console.button(`Remove: ${audience}`));
      await console.sees(NO_COUNT_OF_CLIENTS);
      await console.press(console.inDialog('Remove'));
      await console.button(`Remove: ${audience}`).waitFor({ state: 'detached' });

      await console.go('Audit');
      await console.type(console.page.getByLabel('To'), name);
      for (const action of ['role.created', 'role.changed', 'role.deleted']) {
        await console.sees(action);
      }
      await console.type(console.page.getByLabel('To'), audience);
      await console.sees('resource.deleted');
      await console.page.getByLabel('What').selectOption('users');
      await console.sees('There is nothing here.');
      await console.type(console.page.getByLabel('To'), '');
      await console.page.getByLabel('What').selectOption('access model file');
      await console.sees('access_model.filled');
    });

    it('name the user of a session, and who did what', async () => {
      const user = await newUser();
      await login(user.email);
      const admin = await newUser(['user', 'admin']);
      console = await Console.login({ email: admin.email, hand });
      await console.go('Audit');
      await console.type(console.page.getByLabel('By'), admin.id);
      const found = console.page.getByRole('list', { name: 'Audit' }).getByRole('listitem');
      await expect
        .poll(() => found.allInnerTexts())
        .toEqual([expect.stringContaining('session.started')]);
      await console.type(console.page.getByLabel('By'), user.id);
      await expect.poll(() => found.allInnerTexts()).toEqual([expect.stringContaining(user.id)]);
      await console.press(found.getByRole('link'));
      await console.page.getByRole('heading', { level: 1, name: user.email }).waitFor();
    });
  },
);
