import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console } from './console.js';
import { adminToken, api, login, newUser, startStack, PASSWORD } from './stack.js';

let console: Console;
beforeEach(async () => {
  if (browserPath)
    console = await Console.login({ email: (await newUser(['user', 'admin'])).email });
});
afterEach(async () => {
  if (browserPath) await console.close();
});

const status = async (token: string) => {
  const { auth } = await startStack();
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${auth}/auth/me`, { headers })).status;
};
const rowOf = (text: string) => console.page.getByRole('listitem').filter({ hasText: text });

describe.skipIf(!browserPath)('users', () => {
  it('are found, get other roles and claims, and lose their sessions', async () => {
    const user = await newUser();
    const token = await login(user.email, 'curl/8.5');
    await console.go('Users');
    await console.page.getByLabel('E-mail begins with').fill(user.email.slice(0, 20));
    await console.page.getByRole('link', { name: user.email }).click();
    await console.page.getByRole('heading', { level: 1, name: user.email }).waitFor();

    await console.page.getByLabel('admin', { exact: true }).check();
    await console.page.getByLabel('Claims').fill('{"tenant"');
    await console.button('Save').click();
    await console.sees('This is not a JSON object.');
    await console.page.getByLabel('Claims').fill('{"tenant": "blue"}');
    await console.button('Save').click();
    await console.sees('Saved. The old access tokens are revoked.');
    await expect.poll(() => status(token)).toBe(401);
    const saved = await api<object>(`admin/users/${user.id}`, { token: await adminToken() });
    expect(saved).toMatchObject({ roles: ['user', 'admin'], claims: { tenant: 'blue' } });

    await console.button('End: curl').click();
    await console.inDialog('End').click();
    await console.button('End: curl').waitFor({ state: 'detached' });
  });

  it('are created by the keyboard, get a password once, are disabled and deleted', async () => {
    const email = `${randomUUID()}@example.com`;
    const { keyboard } = console.page;
    await console.go('Users');
    await console.button('New user').focus();
    await keyboard.press('Enter');
    await console.page.getByRole('dialog').waitFor();
    await keyboard.insertText(email);
    await keyboard.press('Tab');
    await keyboard.insertText('short');
    await keyboard.press('Enter');
    await console.page.locator('.fault').waitFor();
    expect(await console.page.getByLabel('E-mail', { exact: true }).inputValue()).toBe(email);
    await console.page.getByLabel('Password').fill(PASSWORD);
    await keyboard.press('Enter');
    await console.page.getByRole('heading', { level: 1, name: email }).waitFor();
    const token = await login(email);

    await console.button('New password').click();
    await console.inDialog('New password').click();
    await console.sees('This is shown only once.');
    const shown = await console.page.getByRole('dialog').locator('code').innerText();
    await console.inDialog('Close').click();
    await expect.poll(() => status(token)).toBe(401);
    await expect(login(email)).rejects.toThrow('invalid_credentials');
    const body = { email, password: shown };
    await api('auth/login', { body });

    await console.button('Disable').click();
    await console.sees('every token is refused');
    await console.inDialog('Disable').click();
    await console.button('Enable').waitFor();
    await expect(api('auth/login', { body })).rejects.toThrow('401');
    await console.button('Delete').click();
    await console.inDialog('Delete').click();
    await console.page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
    await console.page.getByLabel('E-mail begins with').fill(email);
    await console.sees('There is nothing here.');
  });
});

describe.skipIf(!browserPath)('clients', () => {
  it('are created with a secret that is shown once, changed, disabled and removed', async () => {
    const name = `Client ${randomUUID()}`;
    await console.go('Clients');
    await console.button('New client').click();
    await console.page.getByLabel('Name', { exact: true }).fill(name);
    await console.page.getByLabel('orders:read').check();
    await console.page.keyboard.press('Enter');
    await console.sees('This is shown only once.');
    const [id = '', secret = ''] = await console.page
      .getByRole('dialog')
      .locator('code')
      .allInnerTexts();
    await console.inDialog('Close').click();
    await token(id, secret);

    await console.button(`Add a secret: ${name}`).click();
    await console.inDialog('Add a secret').click();
    await console.sees('This is shown only once.');
    await console.inDialog('Close').click();
    await console.button(`End the secret: ${name}`).first().click();
    await console.inDialog('End the secret').click();
    await console.sees('The secret has ended.');

    await console.button(`Change: ${name}`).click();
    await console.page.getByLabel('orders:write').check();
    await console.inDialog('Save').click();
    await rowOf(name).getByText('orders:read orders:write').waitFor();
    await console.button(`Disable: ${name}`).click();
    await console.inDialog('Disable').click();
    await rowOf(name).getByText('disabled').waitFor();
    await expect(token(id, secret)).rejects.toThrow('401');
    await console.button(`Remove: ${name}`).click();
    await console.inDialog('Remove').click();
    await rowOf(name).waitFor({ state: 'detached' });
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

describe.skipIf(!browserPath)('roles, resources and the audit log', () => {
  it('are made, changed and removed, and all of it is in the log', async () => {
    const name = `clerk-${randomUUID().slice(0, 8)}`;
    const audience = `https://${name}.example.com`;
    await console.go('Roles and resources');
    await console.button('New resource').click();
    await console.page.getByLabel('Audience').fill(audience);
    await console.page.getByLabel('Scopes').fill(`${name}:read see them\n${name}:write`);
    await console.inDialog('New resource').click();
    await rowOf(audience).getByText('see them').waitFor();

    await console.button('New role').click();
    await console.page.getByLabel('Name', { exact: true }).fill(name);
    await console.page.getByLabel(`${name}:read`).check();
    await console.inDialog('New role').click();
    await console.button(`Change: ${name}`).click();
    await console.sees('live tokens that have a lost scope are refused');
    await console.page.getByLabel(`${name}:write`).check();
    await console.inDialog('Save').click();
    await console.sees('Saved.');
    await console.button(`Remove: ${name}`).click();
    await console.inDialog('Remove').click();
    await console.button(`Remove: ${audience}`).click();
    await console.inDialog('Remove').click();
    await console.button(`Remove: ${audience}`).waitFor({ state: 'detached' });

    await console.go('Audit');
    await console.page.getByLabel('To').fill(name);
    for (const action of ['role.created', 'role.changed', 'role.deleted']) {
      await console.sees(action);
    }
    await console.page.getByLabel('To').fill(audience);
    await console.sees('resource.deleted');
    await console.page.getByLabel('What').selectOption('users');
    await console.sees('There is nothing here.');
  });
});
