import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, SLOW } from './console.js';
import { adminToken, api, newUser } from './stack.js';

describe.skipIf(!browserPath)('a form', SLOW, () => {
  let console: Console;
  beforeEach(async () => {
    console = await Console.login({ email: (await newUser(['user', 'admin'])).email });
  });
  afterEach(() => console.close());

  const save = () => console.press(console.button('Save'));
  const isClosed = () => console.page.getByRole('dialog').waitFor({ state: 'detached' });

  it('keeps of a user what was changed elsewhere', async () => {
    const { id } = await newUser();
    const token = await adminToken();
    const change = (body: object) => api(`admin/users/${id}`, { token, method: 'PATCH', body });
    const saved = () => api<{ roles: string[]; claims: object }>(`admin/users/${id}`, { token });
    await console.page.goto(`${console.address}/console/users/${id}`);
    const admin = console.page.getByLabel('admin', { exact: true });
    await admin.waitFor();
    await save();
    await console.sees('There is nothing to save.');
    await change({ claims: { tenant: 'red' } });
    await admin.check();
    await save();
    await console.press(console.inDialog('Save'));
    await isClosed();
    expect(await saved()).toMatchObject({ roles: ['user', 'admin'], claims: { tenant: 'red' } });
    await change({ roles: ['user'] });
    await console.type(console.page.getByLabel('Claims'), '{"tenant": "green"}');
    await save();
    await console.press(console.inDialog('Save'));
    await isClosed();
    expect(await saved()).toMatchObject({ roles: ['user'], claims: { tenant: 'green' } });
  });

  it('keeps of a client what was changed elsewhere, and says what the change ends', async () => {
    const token = await adminToken();
    const name = `Client ${randomUUID()}`;
    const body = { name, grants: ['client_credentials'], scopes: ['orders:read'] };
    const { id } = await api<{ id: string }>('admin/clients', { token, body });
    const saved = async () =>
      (await api<{ id: string }[]>('admin/clients', { token })).find((client) => client.id === id);
    const { page } = console;
    await console.go('Clients');
    await console.press(console.button(`Change: ${name}`));
    const change = { scopes: [], claims: { tenant: 'red' } };
    await api(`admin/clients/${id}`, { token, method: 'PATCH', body: change });
    await console.type(page.getByLabel('Name', { exact: true }), `${name} 2`);
    await console.press(console.inDialog('Save'));
    await isClosed();
    await page.getByText('Saved.', { exact: true }).waitFor();
    expect(await saved()).toMatchObject({ ...change, name: `${name} 2` });

    await console.press(console.button(`Change: ${name} 2`));
    await console.check(page.getByLabel('orders:write'));
    await console.press(console.inDialog('Save'));
    await isClosed();
    await console.sees('Saved. The old tokens are revoked.');
    expect(await saved()).toMatchObject({ scopes: ['orders:write'], claims: change.claims });

    await console.press(console.button(`Change: ${name} 2`));
    const audiences = page.getByRole('group', { name: 'Audiences' });
    await audiences.getByRole('checkbox', { checked: true }).uncheck();
    await console.press(console.inDialog('Save'));
    await audiences.locator('.fault').waitFor();
    await console.press(console.inDialog('Cancel'));
  });
});
