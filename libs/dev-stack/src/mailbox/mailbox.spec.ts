import { request } from 'node:http';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Mailbox } from './mailbox.js';

let mailbox: Mailbox;
beforeAll(async () => {
  mailbox = await Mailbox.start();
});
afterAll(() => mailbox.stop());

const ADDRESSES = { from: 'auth@example.com', to: 'ada@example.com' };

const send = (subject: string, text: string, credentials = '') =>
  createTransport(mailbox.smtpUrl.replace('//', `//${credentials}`)).sendMail({
    ...ADDRESSES,
    subject,
    text,
  });

/** Without the checks of `fetch`, which sends no other `Host`. */
const statusOf = (path: string, host: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    request(`${mailbox.pageUrl}${path}`, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .once('error', reject)
      .end();
  });

it('takes mail with and without credentials, and shows its text and links, but no markup', async () => {
  await send('First', 'Go to https://auth.example.com/#token=a&b now', 'user:password@');
  await send('Second', '<script>alert(1)</script>');
  const page = await (await fetch(mailbox.pageUrl)).text();
  expect(page.indexOf('Second')).toBeLessThan(page.indexOf('First'));
  expect(page).toContain('<a href="https://auth.example.com/#token=a&amp;b">');
  expect(page).toContain('&lt;script&gt;');
  expect(page).not.toContain('<script>');
  const messages = (await (await fetch(`${mailbox.pageUrl}/messages`)).json()) as object[];
  expect(messages[1]).toMatchObject({ to: ['ada@example.com'], subject: 'First' });
});

it('is only for pages of this machine', async () => {
  expect(await statusOf('/messages', 'localhost:1')).toBe(200);
  expect(await statusOf('/messages', 'evil.example')).toBe(403);
  expect(await statusOf('/messages', 'localhost.evil.example')).toBe(403);
});

it('takes free ports where its own are taken', async () => {
  const [smtpPort, pagePort] = [mailbox.smtpUrl, mailbox.pageUrl].map((url) =>
    Number(new URL(url).port),
  );
  const other = await Mailbox.start({ smtpPort, pagePort });
  expect(other.smtpUrl).not.toBe(mailbox.smtpUrl);
  expect((await fetch(other.pageUrl)).status).toBe(200);
  await other.stop();
});

it('keeps the latest mails only', async () => {
  const sender = createTransport(`${mailbox.smtpUrl}?pool=true`, ADDRESSES);
  await Promise.all(
    Array.from({ length: 205 }, () => sender.sendMail({ subject: 'One of many', text: '' })),
  );
  sender.close();
  await send('Last', '');
  expect(mailbox.mails).toHaveLength(200);
  expect(mailbox.mails[0]?.subject).toBe('Last');
});
