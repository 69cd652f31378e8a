import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

import { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { readConfig } from '../settings.js';
import { MailTransport } from './mail-transport.js';

const MAIL = {
  recipient: 'ada@example.com',
  subject: 'Hello',
  text: 'Hello',
  html: '<p>Hello</p>',
};

function transportTo(url: string, requiresTls = false): MailTransport {
  const config = readConfig({ DATABASE_URL: 'postgres://localhost/x', SMTP_URL: url });
  return new MailTransport(Object.assign(config, { mailServer: { url, requiresTls } }));
}
const send = (transport: MailTransport) =>
  transport.send({ id: 'some-id', createdAt: new Date(), attempts: 1 }, MAIL);

describe('a mail server that cannot use TLS', () => {
  it('gets nothing where TLS is required, and mail where it is not', async () => {
    const mailbox = await Mailbox.start();
    await expect(send(transportTo(mailbox.smtpUrl, true))).rejects.toMatchObject({ code: 'ETLS' });
    expect(mailbox.mails).toEqual([]);
    await send(transportTo(mailbox.smtpUrl));
    await mailbox.take(MAIL.recipient);
    await mailbox.stop();
  });
});

describe('a mail server that answers a byte now and then', () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.write('220 mail.example\r\n');
    // So no other time-out of the client ends.
    const drip = setInterval(() => socket.write('250-and so on\r\n'), 1_000);
    socket.on('error', () => undefined).once('close', () => clearInterval(drip));
  });
  afterEach(() => {
    vi.useRealTimers();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('has failed after a minute', async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const outcome = send(transportTo(`smtp://127.0.0.1:${port}`)).catch((error: unknown) => error);
    const [socket] = (await once(server, 'connection')) as [Socket];
    // The client has been greeted: it waits for this answer alone.
    await once(socket, 'data');
    vi.advanceTimersByTime(60_000);
    expect(String(await outcome)).toContain('longer than 60000 ms');
  });
});
