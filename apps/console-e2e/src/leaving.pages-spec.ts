import type { Route } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, SLOW } from './console.js';
import { adminToken, api, login, newUser, PASSWORD } from './stack.js';

let open: Console | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** A tab beside that of the console, at the same page. */
async function openTab({ page }: Console) {
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  return tab;
}

describe.skipIf(!browserPath)('after the end of a session', SLOW, () => {
  it('auth is not asked who the user is', async () => {
    const console = (open = await Console.login({ email: (await newUser()).email }));
    await console.press(console.button('Log out'));
    await console.button('Log in').waitFor();
    const asked: string[] = [];
    console.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await console.page.reload();
    await console.button('Log in').waitFor();
    expect(asked).toContain('/auth/refresh');
    expect(asked).not.toContain('/auth/me');
  });

  it('nothing is shown of that user to the next one', async () => {
    const [user, other] = [await newUser(), await newUser()];
    const console = (open = await Console.login({ email: user.email }));
    await console.press(console.button('Log out'));
    await console.page.route('**/auth/me', broken);
    await console.logIn(other.email);
    await console.sees('It is broken');
    expect(await console.page.getByText(user.email).count()).toBe(0);
  });

  it('nothing is shown of a user whose session has ended when another one logs in', async () => {
    const [user, other] = [await newUser(), await newUser()];
    const console = (open = await Console.login({ email: user.email }));
    await api('auth/logout-everywhere', { token: await login(user.email), method: 'POST' });
    const menu = console.page.getByRole('navigation');
    await console.press(menu.getByRole('link', { name: 'Sessions' }));
    await console.page.getByRole('dialog').waitFor();
    await console.page.route('**/auth/me', broken);
    await console.logIn(other.email);
    await console.sees('It is broken');
    expect(await console.page.getByText(user.email).count()).toBe(0);
  });

  it('says that the logout did not reach auth, until the next login in any tab', async () => {
    const { email } = await newUser();
    const console = (open = await Console.login({ email }));
    const tab = await openTab(console);
    await tab.getByText(email).waitFor();
    await console.page.route('**/auth/logout', (route) => route.abort());
    await console.press(console.button('Log out'));
    await console.sees('Your session may still be open');
    await tab.getByLabel('E-mail').fill(email);
    await tab.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await tab.getByRole('button', { name: 'Log in', exact: true }).click();
    await console.page.getByText(email).waitFor();
    await tab.getByRole('button', { name: 'Log out' }).click();
    await console.button('Log in').waitFor();
    expect(await console.page.getByText('Your session may still be open').count()).toBe(0);
  });
});

describe.skipIf(!browserPath)('a tab', SLOW, () => {
  it('shows the login when the session, of which another tab has a token, has ended', async () => {
    const { email } = await newUser();
    const console = (open = await Console.login({ email }));
    await api('auth/logout-everywhere', { token: await login(email), method: 'POST' });
    const tab = await openTab(console);
    await tab.getByRole('button', { name: 'Log in', exact: true }).waitFor();
    expect(await tab.getByRole('dialog').count()).toBe(0);
  });

  it('has the pages of the roles that a user has got meanwhile', async () => {
    const { id, email } = await newUser();
    const console = (open = await Console.login({ email }));
    const body = { roles: ['user', 'admin'] };
    await api(`admin/users/${id}`, { token: await adminToken(), method: 'PATCH', body });
    await console.go('Sessions');
    await console.go('Users');
  });

  it('goes back to where it was before the console', async () => {
    const console = (open = await Console.open());
    const before = `${console.address}/health/ready`;
    await console.page.goto(before);
    await console.page.goto(`${console.address}/console`);
    await console.logIn((await newUser()).email);
    await console.page.waitForURL('**/console/token');
    await console.page.goBack();
    expect(console.page.url()).toBe(before);
  });
});

/** An answer of a fault in auth. */
function broken(route: Route): Promise<void> {
  const body = JSON.stringify({ title: 'It is broken' });
  return route.fulfill({ status: 500, contentType: 'application/problem+json', body });
}
