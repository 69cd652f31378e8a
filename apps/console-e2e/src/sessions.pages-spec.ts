import { createTcpProxy } from '@jwt-auth/dev-stack';
import { afterEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, HANDS, SLOW } from './console.js';
import { ageLogin, api, login, newUser, PASSWORD, startStack, statusOf } from './stack.js';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** How long auth is away. */
const AWAY_MS = 10_000;

let open: Console | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

describe.skipIf(!browserPath).each(HANDS)('the login, by the %s', SLOW, (hand) => {
  it('says what is wrong, keeps what was typed, and leads to the page of the address', async () => {
    const { email } = await newUser();
    const console = (open = await Console.open({ hand }, '/sessions'));
    await console.logIn(email, 'a wrong password');
    await console.sees('The e-mail or the password is wrong.');
    expect(await console.page.getByLabel('E-mail').inputValue()).toBe(email);
    await console.logIn(email);
    await console.page.getByRole('heading', { name: 'Sessions' }).waitFor();
    const other = await console.page.context().newPage();
    await other.goto(console.page.url());
    await other.getByText(email).waitFor();
    await console.press(console.button('Log out'));
    await console.button('Log in').waitFor();
    // No other tab shows anything any more.
    await other.getByText(email).waitFor({ state: 'detached' });
    await other.getByRole('button', { name: 'Log in', exact: true }).waitFor();
    expect(await other.getByRole('dialog').count()).toBe(0);
  });
});

describe.skipIf(!browserPath).each(HANDS)('the sessions page, by the %s', SLOW, (hand) => {
  it('names my devices, and ends one of them', async () => {
    const { email } = await newUser();
    const device = await login(email, FIREFOX);
    const console = (open = await Console.login({ email, hand }));
    await console.go('Sessions');
    await console.sees('this one');
    const end = console.button('End: Firefox on Windows');
    await console.press(end);
    await console.sees('End this session?');
    await console.press(console.inDialog('Cancel'));
    await console.page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await statusOf(device)).toBe(200);
    // The focus is where it was.
    await console.page.keyboard.press('Enter');
    await console.page.keyboard.press('Escape');
    await console.page.getByRole('dialog').waitFor({ state: 'detached' });
    await console.page.keyboard.press('Enter');
    await console.press(console.inDialog('End'));
    await console.sees('The session has ended.');
    await expect.poll(() => statusOf(device)).toBe(401);
    await end.waitFor({ state: 'detached' });
  });

  it('ends all of them, and shows the login', async () => {
    const { email } = await newUser();
    const other = await login(email);
    const console = (open = await Console.login({ email, hand }));
    await console.go('Sessions');
    await console.press(console.button('End all sessions'));
    await console.sees('2 sessions end, this one too.');
    await console.press(console.inDialog('End all sessions'));
    await console.button('Log in').waitFor();
    await expect.poll(() => statusOf(other)).toBe(401);
  });
});

describe.skipIf(!browserPath).each(HANDS)('a page in mid-work, by the %s', SLOW, (hand) => {
  const roles = ['user', 'admin'];

  it('keeps what was typed when the session ends', async () => {
    const { email } = await newUser(roles);
    const console = (open = await Console.login({ email, hand }));
    const paste = console.page.getByLabel('Paste a token');
    const password = console.page.getByLabel('Password');
    await console.type(paste, 'something long');
    await api('auth/logout-everywhere', { token: await login(email), method: 'POST' });
    await console.press(console.button('Check'));
    await console.page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    for (let count = 0; count < 5; count += 1) await console.page.keyboard.press('Escape');
    expect(await console.page.getByLabel('E-mail').inputValue()).toBe(email);
    await console.type(password, PASSWORD);
    await console.page.keyboard.press('Enter');
    await console.page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await paste.inputValue()).toBe('something long');
    await console.press(console.button('Check'));
    await console.sees('token_invalid');
  });

  it('is left for the login of another user', async () => {
    const [user, other] = [await newUser(), await newUser()];
    const console = (open = await Console.login({ email: user.email, hand }));
    await console.go('Account');
    await api('auth/logout-everywhere', { token: await login(user.email), method: 'POST' });
    const menu = console.page.getByRole('navigation');
    await console.press(menu.getByRole('link', { name: 'Sessions' }));
    await console.press(console.inDialog('Log in as another user'));
    await console.page.getByRole('dialog').waitFor({ state: 'detached' });
    await console.logIn(other.email);
    await console.sees('this one');
    await console.sees(other.email);
  });

  it('asks for the password before a change when the login was long ago', async () => {
    const user = await newUser(roles);
    const { email, id } = user;
    const console = (open = await Console.login({ email, hand }));
    await ageLogin(user);
    // The session continues, with a token that has the time of the login.
    await console.page.reload();
    const password = console.page.getByLabel('Password');
    await console.go('Roles and resources');
    await console.press(console.button('New role'));
    await console.type(console.page.getByLabel('Name'), `role-${id.slice(0, 8)}`);
    await console.press(console.inDialog('New role'));
    await console.type(password, 'a wrong password');
    await console.press(console.inDialog('Confirm'));
    await console.sees('The e-mail or the password is wrong.');
    await console.page.keyboard.press('Escape');
    await console.sees('Not done: you did not confirm that it is you.');
    await console.press(console.inDialog('New role'));
    await console.type(password, PASSWORD);
    await console.page.keyboard.press('Enter');
    await console.page.getByRole('dialog', { name: 'New role' }).waitFor({ state: 'detached' });
    await console.sees(`role-${id.slice(0, 8)}`);
  });
});

describe.skipIf(!browserPath)('a page', SLOW, () => {
  it('continues by itself when auth has been away for ten seconds', async () => {
    const { email } = await newUser(['user', 'admin']);
    const { auth } = await startStack();
    const proxy = await createTcpProxy(Number(new URL(auth).port));
    try {
      const address = `http://localhost:${proxy.port}`;
      const console = (open = await Console.login({ email, address }));
      const paste = console.page.getByLabel('Paste a token');
      await console.type(paste, 'something long');
      proxy.cut();
      await console.press(console.button('Check'));
      await console.sees('This page continues by itself');
      const menu = console.page.getByRole('navigation');
      await console.press(menu.getByRole('link', { name: 'Sessions' }));
      await console.sees('Loading');
      await console.page.waitForTimeout(AWAY_MS);
      proxy.resume();
      await console.sees('this one');
      await console.page.getByText('This page continues by itself').waitFor({ state: 'detached' });
      await console.go('Token');
      await console.type(console.page.getByLabel('Paste a token'), 'something long');
      await console.press(console.button('Check'));
      await console.sees('token_invalid');
    } finally {
      await open?.close();
      open = undefined;
      await proxy.close();
    }
  });
});
