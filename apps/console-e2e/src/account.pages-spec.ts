import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, HANDS, SLOW, type Hand } from './console.js';
import {
  ageLogin,
  linkTo,
  login,
  newUser,
  PASSWORD,
  startStrictAuth,
  statusOf,
  type NewUser,
} from './stack.js';

const NEW_PASSWORD = 'another good passphrase';

let open: Console | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function accountPage({ email }: NewUser, hand: Hand): Promise<Console> {
  const console = (open = await Console.login({ email, hand }));
  await console.go('Account');
  return console;
}

/** Opens a link of a mail, and presses its button. */
async function follow(console: Console, link: string, says: string): Promise<void> {
  await console.page.goto(link);
  await console.press(console.page.getByRole('button'));
  await console.sees(says);
}

describe.skipIf(!browserPath).each(HANDS)('my account, by the %s', SLOW, (hand) => {
  it('is created, and verified by the link', async () => {
    const email = `${randomUUID()}@example.com`;
    const console = (open = await Console.open({ hand }));
    const field = (label: string) =>
      console.page.getByRole('dialog').getByLabel(label, { exact: true });
    await console.press(console.button('Create an account'));
    await console.type(field('E-mail'), email);
    await console.type(field('Password'), 'short');
    await console.press(console.inDialog('Create an account'));
    await console.sees('must have at least 12 characters');
    await console.type(field('Password'), PASSWORD);
    await console.press(console.inDialog('Create an account'));
    await console.sees('Your account is created.');
    await console.go('Account');
    await console.sees('not verified');
    const account = console.page.url();
    await follow(console, await linkTo(email, 'Verify'), 'Your e-mail is verified.');
    await console.page.goto(account);
    await console.page.getByText('verified', { exact: true }).waitFor();
  });

  it('is created where its e-mail has to be verified before the first login', async () => {
    const email = `${randomUUID()}@example.com`;
    const address = await startStrictAuth();
    const console = (open = await Console.open({ hand, address }));
    const dialog = console.page.getByRole('dialog');
    await console.press(console.button('Create an account'));
    await console.type(dialog.getByLabel('E-mail'), email);
    await console.type(dialog.getByLabel('Password'), PASSWORD);
    await console.press(console.inDialog('Create an account'));
    await console.sees('You get an e-mail with a link. Open the link, then log in.');
    await console.logIn(email);
    await console.sees('The e-mail or the password is wrong.');
    await follow(console, await linkTo(email, 'Verify'), 'Your e-mail is verified.');
    await console.page.goto(`${address}/console`);
    await console.logIn(email);
    await console.page.getByRole('navigation').waitFor();
  });

  it('is saved as a file', async () => {
    const user = await newUser();
    const console = await accountPage(user, hand);
    const [download] = await Promise.all([
      console.page.waitForEvent('download'),
      console.press(console.button('Export as a file')),
    ]);
    expect(download.suggestedFilename()).toBe('account.json');
    const saved = JSON.parse(await readFile(await download.path(), 'utf8')) as object;
    expect(saved).toMatchObject({ account: { id: user.id, email: user.email } });
    await console.sees('The file is saved.');
  });

  it('gets another password, and the other sessions end', async () => {
    const user = await newUser();
    const other = await login(user.email);
    const console = await accountPage(user, hand);
    const before = console.page.getByLabel('Current password');
    const after = console.page.getByLabel('New password');
    await console.press(console.button('Change the password'));
    await console.type(before, 'a wrong password');
    await console.type(after, NEW_PASSWORD);
    await console.press(console.inDialog('Change the password'));
    await console.sees('The e-mail or the password is wrong.');
    expect(await after.inputValue()).toBe(NEW_PASSWORD);
    await console.type(before, PASSWORD);
    await console.type(after, 'short');
    await console.press(console.inDialog('Change the password'));
    await console.sees('must have at least 12 characters');
    expect(await statusOf(other)).toBe(200);
    await console.type(after, NEW_PASSWORD);
    await console.press(console.inDialog('Change the password'));
    await console.sees('The password is changed, and all other sessions have ended.');
    await expect.poll(() => statusOf(other)).toBe(401);
    await login(user.email, 'spec', NEW_PASSWORD);
    // This session continues.
    await console.go('Sessions');
    await console.sees('this one');
  });

  it('gets another e-mail by a link, after a proof of who asks, and it is verified', async () => {
    const user = await newUser();
    const console = await accountPage(user, hand);
    await console.sees('not verified');
    await console.press(console.button('Send the link again'));
    await console.sees('You get an e-mail with a link.');
    const verification = await linkTo(user.email, 'Verify');
    const account = console.page.url();
    await follow(console, verification, 'Your e-mail is verified.');
    await console.page.goto(account);
    await console.page.getByText('verified', { exact: true }).waitFor();

    await ageLogin(user);
    await console.page.reload();
    const email = `new-${user.email}`;
    await console.press(console.button('Change the e-mail'));
    await console.type(console.page.getByLabel('New e-mail'), email);
    await console.press(console.inDialog('Change the e-mail'));
    await console.page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await console.type(console.page.getByLabel('Password', { exact: true }), PASSWORD);
    await console.press(console.inDialog('Confirm'));
    await console.sees('A link was sent to the new e-mail.');

    await follow(console, await linkTo(email, ''), 'Your account has this e-mail now.');
    await console.page.goto(account);
    await console.page.getByRole('main').getByText(email).waitFor();
    await console.page.getByText('verified', { exact: true }).waitFor();
  });

  it('gets a new password by a link when the old one is forgotten', async () => {
    const user = await newUser();
    const other = await login(user.email);
    const console = (open = await Console.open({ hand }));
    const address = console.page.url();
    await console.type(console.page.getByLabel('E-mail'), user.email);
    await console.press(console.button('Forgot your password?'));
    const email = console.page.getByRole('dialog').getByLabel('E-mail');
    // What was typed already.
    expect(await email.inputValue()).toBe(user.email);
    await console.type(email, 'no address');
    await console.press(console.inDialog('Send the link'));
    await console.sees('Some of the input is not valid.');
    await console.type(email, user.email);
    await console.press(console.inDialog('Send the link'));
    await console.sees(
      'If there is an account with this e-mail, and auth can send mail, the link is on its way.',
    );

    await console.page.goto(await linkTo(user.email, 'Reset'));
    await console.type(console.page.getByLabel('New password'), NEW_PASSWORD);
    await console.press(console.page.getByRole('button'));
    await console.sees('You have a new password.');
    await expect.poll(() => statusOf(other)).toBe(401);
    await console.page.goto(address);
    await console.logIn(user.email, NEW_PASSWORD);
    await console.page.getByRole('navigation').waitFor();
  });

  it('is deleted after a proof in place, says until when it can be restored, and is', async () => {
    const user = await newUser();
    const other = await login(user.email);
    const console = await accountPage(user, hand);
    await ageLogin(user);
    await console.page.reload();
    await console.press(console.button('Delete my account'));
    await console.sees('All your sessions end at once');
    await console.press(console.inDialog('Cancel'));
    expect(await statusOf(other)).toBe(200);
    await console.press(console.button('Delete my account'));
    await console.press(console.inDialog('Delete my account'));
    await console.type(console.page.getByLabel('Password', { exact: true }), PASSWORD);
    await console.press(console.inDialog('Confirm'));

    await console.button('Log in').waitFor();
    await console.sees(/Until \w+ \d+, \d{4}.* it can be restored: with the link that was sent/);
    await expect.poll(() => statusOf(other)).toBe(401);
    await console.logIn(user.email);
    await console.sees('The e-mail or the password is wrong.');

    const address = console.page.url();
    await follow(
      console,
      await linkTo(user.email, 'being deleted'),
      'You have your account again.',
    );
    await console.page.goto(address);
    await console.logIn(user.email);
    await console.page.getByRole('navigation').waitFor();
  });
});
